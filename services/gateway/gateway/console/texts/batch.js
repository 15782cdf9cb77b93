/** One file of texts: sent, followed, and what became of it. */

import { upload } from "../lib/api.js";
import { announce, button, el, icon } from "../lib/dom.js";
import { wordsFor } from "../lib/errors.js";
import { FileJob } from "../lib/filejob.js";
import { bytes, duration, t } from "../lib/i18n.js";
import { errorNotice } from "../lib/notice.js";
import { reportView } from "./report.js";

const NDJSON = "application/x-ndjson";

export class Batch extends FileJob {
  #file;
  #onend;
  #body = el("div", { class: "batch-body" });
  #paced = false; // the last news were numbers

  /** `file` is a `File`, or `{name, size}` of one that the server has. `events`: the page's `JobEvents`;
   * `onend(report)` is called once its texts are kept. */
  constructor({ file, events, onend }) {
    super({ events, label: t("texts.progress"), sending: t("texts.sending") });
    this.#file = file;
    this.#onend = onend;
    this.element = el("article", { class: "texts-batch" },
      el("h3", {}, icon("file"), el("bdi", {}, file.name), el("span", { class: "muted small" }, bytes(file.size))), this.#body);
  }

  async submit(options) {
    const path = `v1/texts/batch?name=${encodeURIComponent(this.#file.name.slice(-200))}`;
    return upload(path, this.#file, { ...options, type: await formatOf(this.#file) });
  }

  showProgress(element) {
    this.#body.replaceChildren(element);
  }

  /** Numbers come as `live` events, just after the progress that says the same in English. */
  happened(progress, { event, data }) {
    if (event === "live") progress.tell(paceOf(data), data.percent);
    else if (event !== "progress") progress.event(event, data);
    else if (!this.#paced) progress.tell(t("texts.working"), data.percent ?? null);
    this.#paced = event === "live";
  }

  showEnded(job) {
    if (job.status === "completed") this.#showReport(job.result);
    else if (job.status === "failed") this.#end(errorNotice(job.error.message, job.error.code));
    else this.#end(el("p", { class: "notice" }, t(job.status === "cancelled" ? "texts.cancelled" : "turn.expired")));
  }

  showProblem(error, again) {
    const words = error.code === "aborted" ? el("p", { class: "notice" }, t("turn.cancelled")) : errorNotice(wordsFor(error), error.code);
    this.#end(words, button(t("error.retry"), "retry", again));
  }

  #showReport(report) {
    this.#end(...reportView(this.jobId, report));
    announce(t("texts.done", { stored: report.stored, failed: report.failed }));
    this.#onend(report);
  }

  #end(...content) {
    this.stopProgress();
    this.#body.replaceChildren(...content);
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
