/** A job whose result is looked at and then forgotten: a button, its progress, and what came of it. */

import { call, idempotencyKey } from "../lib/api.js";
import { announce, button, el } from "../lib/dom.js";
import { wordsFor } from "../lib/errors.js";
import { isTerminal } from "../lib/events.js";
import { t } from "../lib/i18n.js";
import { endedJob } from "../lib/jobs.js";
import { errorNotice } from "../lib/notice.js";
import { ProgressView } from "../lib/progress.js";

/** The button posts what `json()` gives to `path`; `show` makes an element of the result; `leave()` ends it. */
export function trialView({ events, path, json, label, icon, done, show }) {
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
      const job = await call("POST", path, { json: json(), key: idempotencyKey() });
      jobId = job.id;
      await ending(events, jobId, progress);
      shown.replaceChildren(resultView(await endedJob(job.id), show));
      announce(done);
    } catch (error) {
      shown.replaceChildren(errorNotice(wordsFor(error), error.code));
    } finally {
      progress.stop();
    }
  };
  return { element: el("div", { class: "try" }, button(label, icon, start), shown), leave };
}

/** Resolves when the job's last event has come. */
function ending(events, jobId, progress) {
  return new Promise((ended) => {
    events.watch(jobId, (message) => {
      if (message.type === "event") progress?.event(message.event, message.data);
      if (message.type === "error" || isTerminal(message.event)) ended();
    });
  });
}

function resultView(job, show) {
  if (job.status === "failed") return errorNotice(job.error.message, job.error.code);
  return job.status === "completed" ? show(job.result) : el("p", { class: "notice" }, t("turn.cancelled"));
}
