/** "Try on ten posts": what would become of them, without keeping anything. */

import { call, idempotencyKey } from "../lib/api.js";
import { announce, button, el } from "../lib/dom.js";
import { wordsFor } from "../lib/errors.js";
import { isTerminal } from "../lib/events.js";
import { t } from "../lib/i18n.js";
import { endedJob } from "../lib/jobs.js";
import { errorNotice } from "../lib/notice.js";
import { ProgressView } from "../lib/progress.js";

const POSTS = 10;

/** `changes()` are prompts and categories to try instead of the bot's own; `leave()` ends it. */
export function tryView({ botId, events, changes }) {
  const shown = el("div", { class: "tried" });
  let progress = null;
  let jobId = null;
  const leave = () => {
    progress?.stop();
    if (jobId) events.unwatch(jobId);
    jobId = null;
  };
  const start = async () => {
    leave();
    const cancel = () => jobId && call("POST", `v1/jobs/${encodeURIComponent(jobId)}/cancel`).catch((error) => progress.notStopped(wordsFor(error)));
    progress = new ProgressView({ since: Date.now(), label: t("try.progress"), sending: t("try.sending"), oncancel: cancel });
    shown.replaceChildren(progress.element);
    try {
      const job = await call("POST", `v1/bots/${encodeURIComponent(botId)}/previews`, { json: { max_posts: POSTS, ...changes() }, key: idempotencyKey() });
      jobId = job.id;
      await ending(events, jobId, progress);
      shown.replaceChildren(resultView(await endedJob(job.id)));
      announce(t("try.done"));
    } catch (error) {
      shown.replaceChildren(errorNotice(wordsFor(error), error.code));
    } finally {
      progress.stop();
    }
  };
  return { element: el("div", { class: "try" }, button(t("try.button"), "try", start), shown), leave };
}

/** Resolves when the job's last event has come. */
export function ending(events, jobId, progress) {
  return new Promise((ended) => {
    events.watch(jobId, (message) => {
      if (message.type === "event") progress?.event(message.event, message.data);
      if (message.type === "error" || isTerminal(message.event)) ended();
    });
  });
}

function resultView(job) {
  if (job.status === "failed") return errorNotice(job.error.message, job.error.code);
  if (job.status !== "completed") return el("p", { class: "notice" }, t("turn.cancelled"));
  const { posts, warnings = [] } = job.result;
  if (posts.length === 0) return el("p", { class: "notice" }, t("try.none"));
  return el("div", {},
    warnings.map((warning) => el("p", { class: "notice" }, warning)),
    el("ul", { class: "tried-posts" }, posts.map((post) => el("li", {},
      post.category ? el("span", { class: "tag", dir: "auto" }, post.category) : el("span", { class: "tag bad" }, t("try.dropped")),
      el("strong", { dir: "auto" }, post.title || t("post.untitled")),
      post.summary && el("p", { dir: "auto" }, post.summary),
      post.reason && el("p", { class: "muted small", dir: "auto" }, post.reason)))));
}
