/** One file of texts: sent, followed, and what became of it. */

import { call, idempotencyKey, upload } from "../lib/api.js";
import { announce, button, el, icon } from "../lib/dom.js";
import { wordsFor } from "../lib/errors.js";
import { isTerminal } from "../lib/events.js";
import { bytes, duration, t } from "../lib/i18n.js";
import { endedJob } from "../lib/jobs.js";
import { errorNotice } from "../lib/notice.js";
import { ProgressView } from "../lib/progress.js";
import { reportView } from "./report.js";

const NDJSON = "application/x-ndjson";

export class Batch {
  #file;
  #events;
  #onend;
  #body = el("div", { class: "batch-body" });
  #progress = null;
  #key = idempotencyKey(); // kept until an answer comes: a try may have arrived although its answer did not
  #abort = null;
  #cancelled = false;
  #paced = false; // the last news were numbers

  /** `file` is a `File`, or `{name, size}` of one that the server has. `events`: the page's `JobEvents`;
   * `onend(report)` is called once its texts are kept. */
  constructor({ file, events, onend }) {
    this.#file = file;
    this.#events = events;
    this.#onend = onend;
    this.jobId = null;
    this.element = el("article", { class: "texts-batch" },
      el("h3", {}, icon("file"), el("bdi", {}, file.name), el("span", { class: "muted small" }, bytes(file.size))), this.#body);
  }

  /** Sends the file and follows its job. `onaccepted()` is called when the server has it. */
  async send(onaccepted) {
    const progress = this.#showProgress();
    const abort = (this.#abort = new AbortController());
    this.#cancelled = false;
    const onsent = (fraction) => {
      if (this.#abort) progress.uploading(fraction);
      if (fraction === 1) this.#abort = null; // from now on there is a job to cancel
    };
    try {
      const path = `v1/texts/batch?name=${encodeURIComponent(this.#file.name.slice(-200))}`;
      const type = await formatOf(this.#file);
      const job = await upload(path, this.#file, { key: this.#key, type, onsent, signal: abort.signal });
      this.#key = idempotencyKey();
      this.jobId = job.id;
      onaccepted();
      await this.follow(job);
    } catch (error) {
      const words = error.code === "aborted" ? el("p", { class: "notice" }, t("turn.cancelled")) : errorNotice(wordsFor(error), error.code);
      this.#end(words, button(t("error.retry"), "retry", () => this.send(onaccepted)));
    } finally {
      this.#abort = null;
    }
  }

  /** Shows `job` and follows it; resolves when it has ended and is shown. */
  async follow(job) {
    this.jobId = job.id;
    if (!isTerminal(job.status)) {
      const progress = this.#progress ?? this.#showProgress(new Date(job.created_at));
      if (this.#cancelled) this.#cancel();
      await new Promise((ended) => {
        this.#events.watch(job.id, (message) => {
          if (message.type === "event") this.#happened(progress, message);
          if (message.type === "error" || isTerminal(message.event)) ended();
        });
      });
    }
    await this.#showEnded();
  }

  /** Numbers come as `live` events, just after the progress that says the same in English. */
  #happened(progress, { event, data }) {
    if (event === "live") progress.tell(paceOf(data), data.percent);
    else if (event !== "progress") progress.event(event, data);
    else if (!this.#paced) progress.tell(t("texts.working"), data.percent ?? null);
    this.#paced = event === "live";
  }

  async #showEnded() {
    try {
      const job = await endedJob(this.jobId);
      if (job.status === "completed") this.#showReport(job.result);
      else if (job.status === "failed") this.#end(errorNotice(job.error.message, job.error.code));
      else this.#end(el("p", { class: "notice" }, t(job.status === "cancelled" ? "texts.cancelled" : "turn.expired")));
    } catch (error) {
      this.#end(errorNotice(wordsFor(error), error.code), button(t("error.retry"), "retry", () => this.#showEnded()));
    }
  }

  #showReport(report) {
    this.#end(...reportView(this.jobId, report));
    announce(t("texts.done", { stored: report.stored, failed: report.failed }));
    this.#onend(report);
  }

  #showProgress(since = new Date()) {
    this.#progress?.stop();
    const words = { label: t("texts.progress"), sending: t("texts.sending") };
    this.#progress = new ProgressView({ since, ...words, oncancel: () => this.#cancel() });
    this.#body.replaceChildren(this.#progress.element);
    return this.#progress;
  }

  #end(...content) {
    this.#progress?.stop();
    this.#progress = null;
    this.#body.replaceChildren(...content);
  }

  #cancel() {
    if (this.#abort) return this.#abort.abort();
    this.#cancelled = true;
    this.#progress.stopping();
    if (!this.jobId) return undefined; // `follow` will do it
    const progress = this.#progress;
    return call("POST", `v1/jobs/${encodeURIComponent(this.jobId)}/cancel`).catch((error) => progress.notStopped(wordsFor(error)));
  }
}

/** What a file is, by its name or how it begins. */
async function formatOf(file) {
  if (/\.(ndjson|jsonl|json)$/i.test(file.name)) return NDJSON;
  const beginning = await file.slice(0, 100).text();
  return beginning.trimStart().startsWith("{") ? NDJSON : "text/csv";
}

function paceOf({ texts, failed, texts_per_second: rate, seconds_left: left }) {
  const parts = [t("texts.pace", { n: texts }), rate !== null && t("texts.rate", { n: Math.round(rate) }), left !== null && t("texts.left", { time: duration(left) }),
    failed > 0 && t("texts.failing", { n: failed })];
  return parts.filter(Boolean).join(" · ");
}
