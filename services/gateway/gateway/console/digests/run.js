/**
 * A run as it goes on: how far it is, and each batch with what is being done to it. One that a schedule started is no
 * job of this gateway: then the run itself, which is looked at anyway, says how it ends.
 */

import { call } from "../lib/api.js";
import { announce, button, el } from "../lib/dom.js";
import { wordsFor } from "../lib/errors.js";
import { isTerminal } from "../lib/events.js";
import { t } from "../lib/i18n.js";
import { endedJob } from "../lib/jobs.js";
import { errorNotice } from "../lib/notice.js";

const STATES = {
  waiting: "batch.waiting", categorizing: "batch.categorizing", categorized: "batch.categorized",
  summarizing: "batch.summarizing", done: "batch.done", abandoned: "batch.abandoned",
};
const STOPPED = "digest.stopped"; // the failure of a job whose run somebody stopped
const PAUSE = 700; // between two looks at the batches

export class RunView {
  #botId;
  #path;
  #jobId;
  #events;
  #onend;
  #words = el("p", { class: "stage" });
  #bar = el("progress", { max: 100 });
  #batches = el("ol", { class: "batches", "aria-label": t("run.batches") });
  #looking = null; // the timer until the next look
  #over = false;

  /** `onend()` is called when the run is over. */
  constructor({ botId, jobId, events, onend }) {
    this.#botId = botId;
    this.#path = `v1/bots/${encodeURIComponent(botId)}`;
    this.#jobId = jobId;
    this.#events = events;
    this.#onend = onend;
    this.#bar.setAttribute("aria-label", t("run.progress"));
    this.#say(t("progress.queued"));
    const stop = button(t("run.stop"), "stop", () => this.#stop(stop), { class: "button small" });
    this.element = el("section", { class: "run", "aria-label": t("run.title") },
      el("div", { class: "progress-head" }, this.#words, stop), this.#bar, this.#batches);
    this.#follow();
  }

  leave() {
    this.#over = true;
    clearTimeout(this.#looking);
    this.#events.unwatch(this.#jobId);
  }

  #follow() {
    this.#events.watch(this.#jobId, (message) => {
      if (message.event === "progress") this.#say(message.data.message);
      if (message.type === "event" && isTerminal(message.event)) this.#ended();
      else this.#look();
    });
  }

  /** Looks at the batches soon, and again while it goes on: batches change without an event of the run's own. */
  #look() {
    if (this.#looking !== null || this.#over) return;
    this.#looking = setTimeout(async () => {
      const build = await this.#build().catch(() => null); // the next look may succeed
      this.#looking = null;
      if (this.#over) return;
      if (build) this.#show(build);
      if (build && build.status !== "running") this.#ended(build);
      else this.#look();
    }, PAUSE);
  }

  async #build() {
    try {
      return await call("GET", `${this.#path}/runs/${encodeURIComponent(this.#jobId)}`);
    } catch (error) {
      if (error.status === 404) return null; // it has not begun
      throw error;
    }
  }

  #show(build) {
    if (build.posts > 0) {
      this.#bar.value = (100 * build.posts_done) / build.posts;
      this.#say(t("run.posts", { done: build.posts_done, n: build.posts }));
    }
    this.#batches.replaceChildren(...build.batches.map(batchView));
  }

  /** `build` is the run as it ended, if that is known. */
  async #ended(build = null) {
    if (this.#over) return;
    this.leave();
    try {
      const last = build ?? (await this.#build());
      if (last) this.#show(last);
      const job = await endedJob(this.#jobId).catch((error) => {
        if (error.status === 404) return null;
        throw error;
      });
      this.#tell(job, last);
    } catch (error) {
      this.element.replaceChildren(errorNotice(wordsFor(error), error.code));
    }
    this.#onend();
  }

  #say(words) {
    this.#words.textContent = words;
  }

  async #stop(stop) {
    stop.setAttribute("aria-disabled", "true");
    this.#say(t("progress.stopping"));
    try {
      await call("POST", "v1/orchestrator/stop", { json: { bot_id: this.#botId } });
      await call("POST", `v1/jobs/${encodeURIComponent(this.#jobId)}/cancel`).catch((error) => {
        if (error.status !== 404) throw error;
      });
    } catch (error) {
      stop.removeAttribute("aria-disabled");
      this.#say(wordsFor(error));
    }
  }

  /** How it ended: `job` and `build` are null where they are not known. */
  #tell(job, build) {
    this.element.querySelector(".progress-head .button")?.remove();
    const failure = job?.error?.message ?? build?.error;
    const status = job?.status ?? build?.status;
    if (status === "completed") this.#report(job?.result ?? {}, build?.digest_id ?? job?.result?.digest_id);
    else if (status === "failed" && job?.error?.code !== STOPPED) this.element.replaceChildren(errorNotice(failure || t("turn.failed"), job?.error?.code));
    else this.#say(t("run.stopped"));
    announce(this.element.textContent.slice(0, 200));
  }

  #report({ posts, digested, dropped, failed }, digestId) {
    const counts = posts > 0 && t("run.counts", { digested, dropped, failed });
    if (!digestId) return this.#say(counts || t("run.nothing"));
    this.#bar.value = 100;
    const link = el("a", { class: "button primary", href: `#/digests/${encodeURIComponent(digestId)}` }, t("run.read"));
    this.#words.replaceChildren(link, counts ? el("span", { class: "muted small" }, counts) : "");
    return undefined;
  }
}

function batchView(batch) {
  const facts = [t("batch.posts", { n: batch.size }), batch.invalid > 0 && t("batch.invalid", { n: batch.invalid }), batch.seconds && t("batch.seconds", { n: Math.round(batch.seconds * 10) / 10 })];
  return el("li", { class: `batch ${batch.state}` },
    el("span", { class: "batch-name" }, t("batch.name", { n: batch.n })),
    el("span", { class: "batch-state" }, t(STATES[batch.state] ?? "batch.waiting")),
    el("span", { class: "muted small" }, facts.filter(Boolean).join(" · ")));
}
