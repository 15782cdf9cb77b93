/** One recording from a file: sent, followed, and its words as they come. */

import { upload } from "../lib/api.js";
import { announce, button, el } from "../lib/dom.js";
import { wordsFor } from "../lib/errors.js";
import { FileJob } from "../lib/filejob.js";
import { bytes, t } from "../lib/i18n.js";
import { errorNotice } from "../lib/notice.js";
import { clock, TranscriptView } from "./transcript.js";

export class FileTranscription extends FileJob {
  #file;
  #view;

  /** `file` is a `File`, or `{name, size}` of one that the server has. `events`: the page's `JobEvents`. */
  constructor({ file, events }) {
    super({ events, label: t("speech.progress"), sending: t("speech.sending") });
    this.#file = file;
    this.#view = new TranscriptView({ title: file.name, about: bytes(file.size) });
    this.element = this.#view.element;
  }

  submit(options) {
    const form = new FormData();
    form.set("file", this.#file, this.#file.name);
    return upload("v1/transcriptions", form, options);
  }

  showProgress(element) {
    this.#view.foot(element);
  }

  happened(progress, { event, data }) {
    if (event === "output") this.#view.add(data);
    else if (event === "started") this.#view.clear(); // each run tells its words from the beginning
    progress.event(event, data);
  }

  showEnded(job) {
    this.stopProgress();
    if (job.status === "completed") this.#showResult(job.result);
    else if (job.status === "failed") this.#failed(job.error.message, job.error.code);
    else this.#stopped(t(job.status === "cancelled" ? "turn.cancelled" : "turn.expired"));
  }

  showProblem(error, again) {
    this.stopProgress();
    if (error.code === "aborted") this.#stopped(t("turn.cancelled"), again);
    else this.#failed(wordsFor(error), null, again);
  }

  #showResult({ segments, warnings, duration, engine, language }) {
    const facts = [clock(duration), language, t("from.engine", { engine })].filter(Boolean).join(" · ");
    this.#view.replace(segments);
    this.#view.end(...warnings.map((warning) => el("p", { class: "notice" }, warning)), el("p", { class: "muted small" }, facts));
    announce(t("live.done"));
  }

  #stopped(words, again = null) {
    announce(words);
    this.#view.end(el("p", { class: "notice" }, words), ...againButton(again));
  }

  #failed(words, code, again = null) {
    this.#view.end(errorNotice(words, code), ...againButton(again));
  }
}

function againButton(again) {
  return again ? [button(t("error.retry"), "retry", again)] : [];
}
