/** One recording from a file: sent, followed, and its words as they come. */

import { call, idempotencyKey, upload } from "../lib/api.js";
import { announce, button, el } from "../lib/dom.js";
import { wordsFor } from "../lib/errors.js";
import { isTerminal } from "../lib/events.js";
import { bytes, t } from "../lib/i18n.js";
import { endedJob } from "../lib/jobs.js";
import { errorNotice } from "../lib/notice.js";
import { ProgressView } from "../lib/progress.js";
import { clock, TranscriptView } from "./transcript.js";

export class FileTranscription {
  #file;
  #events;
  #view;
  #progress = null;
  #key = idempotencyKey(); // kept until an answer comes: a try may have arrived although its answer did not
  #abort = null;
  #cancelled = false;

  /** `file` is a `File`, or `{name, size}` of one that the server has. `events`: the page's `JobEvents`. */
  constructor({ file, events }) {
    this.#file = file;
    this.#events = events;
    this.#view = new TranscriptView({ title: file.name, about: bytes(file.size) });
    this.element = this.#view.element;
    this.jobId = null;
  }

  /** Sends the file and follows its job. `onaccepted()` is called when the server has it. */
  async send(onaccepted) {
    const progress = this.#showProgress();
    const form = new FormData();
    form.set("file", this.#file, this.#file.name);
    this.#cancelled = false;
    this.#abort = new AbortController();
    const onsent = (fraction) => {
      if (this.#abort) progress.uploading(fraction);
      if (fraction === 1) this.#abort = null; // from now on there is a job to cancel
    };
    try {
      const job = await upload("v1/transcriptions", form, { key: this.#key, onsent, signal: this.#abort.signal });
      this.#key = idempotencyKey();
      this.jobId = job.id;
      onaccepted();
      await this.follow(job);
    } catch (error) {
      const again = () => this.send(onaccepted);
      if (error.code === "aborted") this.#stopped(t("turn.cancelled"), again);
      else this.#failed(wordsFor(error), null, again);
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

  #happened(progress, { event, data }) {
    if (event === "output") this.#view.add(data);
    else if (event === "started") this.#view.clear(); // each run tells its words from the beginning
    progress.event(event, data);
  }

  async #showEnded() {
    try {
      this.#show(await endedJob(this.jobId));
    } catch (error) {
      this.#failed(wordsFor(error), null, () => this.#showEnded());
    }
  }

  #show(job) {
    this.#stopProgress();
    if (job.status === "completed") this.#showResult(job.result);
    else if (job.status === "failed") this.#failed(job.error.message, job.error.code);
    else this.#stopped(t(job.status === "cancelled" ? "turn.cancelled" : "turn.expired"));
  }

  #showResult({ segments, warnings, duration, engine, language }) {
    const facts = [clock(duration), language, t("from.engine", { engine })].filter(Boolean).join(" · ");
    this.#view.replace(segments);
    this.#view.end(...warnings.map((warning) => el("p", { class: "notice" }, warning)), el("p", { class: "muted small" }, facts));
    announce(t("live.done"));
  }

  #stopped(words, again = null) {
    announce(words);
    this.#stopProgress();
    this.#view.end(el("p", { class: "notice" }, words), ...this.#againButton(again));
  }

  #failed(words, code, again = null) {
    this.#stopProgress();
    this.#view.end(errorNotice(words, code), ...this.#againButton(again));
  }

  #againButton(again) {
    return again ? [button(t("error.retry"), "retry", again)] : [];
  }

  #showProgress(since = new Date()) {
    this.#stopProgress();
    const words = { label: t("speech.progress"), sending: t("speech.sending") };
    this.#progress = new ProgressView({ since, ...words, oncancel: () => this.#cancel() });
    this.#view.foot(this.#progress.element);
    return this.#progress;
  }

  #stopProgress() {
    this.#progress?.stop();
    this.#progress = null;
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
