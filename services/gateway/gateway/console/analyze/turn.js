/** One question and what became of it: on its way, answered, failed, cancelled. */

import { call, idempotencyKey, upload } from "../lib/api.js";
import { announce, button, el, icon } from "../lib/dom.js";
import { wordsFor } from "../lib/errors.js";
import { isTerminal } from "../lib/events.js";
import { bytes, t } from "../lib/i18n.js";
import { endedJob } from "../lib/jobs.js";
import { errorNotice } from "../lib/notice.js";
import { ProgressView } from "../lib/progress.js";
import { ledger } from "./code.js";
import { reportView } from "./report.js";

export class Turn {
  #body = el("div", { class: "turn-body" });
  #events;
  #onagain;
  #progress = null;
  #abort = null; // ends the upload while it lasts
  #cancelled = false; // before there was a job to cancel
  #key = idempotencyKey(); // kept until an answer comes: a try may have arrived although its answer did not

  /** `question` and `file` ({name, size}, or null) head the turn; `onagain(turn)` is called to ask the same once more. */
  constructor({ question, file = null, sheet = "", events, onagain }) {
    Object.assign(this, { question, file, sheet, jobId: null, refusal: null });
    this.#events = events;
    this.#onagain = onagain;
    this.element = el("article", { class: "turn", "aria-label": t("answer.label", { question }) },
      el("header", { class: "turn-head" }, el("h2", { class: "question" }, question), file && fileLine(file)),
      this.#body);
  }

  /** Sends the question; resolves to the accepted job, or to null with the reason shown and kept in `refusal`. */
  async send(sessionId) {
    Object.assign(this, { refusal: null, jobId: null });
    this.#cancelled = false;
    const progress = this.#showProgress(new Date());
    const form = this.#form(sessionId);
    if (form.has("file")) this.#abort = new AbortController();
    const onsent = (fraction) => {
      if (this.#abort) progress.uploading(fraction);
      if (fraction === 1) this.#abort = null;
    };
    try {
      const job = await upload("v1/analyses", form, { key: this.#key, onsent, signal: this.#abort?.signal });
      this.#key = idempotencyKey();
      return job;
    } catch (error) {
      this.refusal = error;
      this.#refused(error, () => this.#onagain(this));
      return null;
    }
  }

  /** Shows `job` and follows it; resolves when it has ended and is shown. */
  async follow(job) {
    this.jobId = job.id;
    if (job.result || job.status === "cancelled" || job.status === "expired") return this.#show(job);
    if (isTerminal(job.status)) return this.#showEnded(); // lists leave large results out
    const progress = this.#progress ?? this.#showProgress(new Date(job.created_at));
    if (this.#cancelled) this.#cancel();
    await new Promise((ended) => {
      this.#events.watch(job.id, (message) => {
        if (message.type === "event") progress.event(message.event, message.data);
        if (message.type === "error" || isTerminal(message.event)) ended();
      });
    });
    return this.#showEnded();
  }

  /** Forgets the job; its element is about to go. */
  leave() {
    this.#progress?.stop();
    if (this.jobId) this.#events.unwatch(this.jobId);
  }

  #form(sessionId) {
    const form = new FormData();
    form.set("question", this.question);
    if (sessionId) form.set("session_id", sessionId);
    if (this.file instanceof File) form.set("file", this.file, this.file.name);
    if (this.sheet) form.set("sheet", this.sheet);
    return form;
  }

  #showProgress(since) {
    this.#progress = new ProgressView({ since, label: t("progress.label"), sending: t("progress.sending"), oncancel: () => this.#cancel() });
    this.#put(this.#progress.element);
    this.element.setAttribute("aria-busy", "true");
    return this.#progress;
  }

  #cancel() {
    if (this.#abort) return this.#abort.abort();
    this.#progress.stopping();
    this.#cancelled = true;
    if (!this.jobId) return undefined; // `follow` will do it
    const progress = this.#progress;
    return call("POST", `v1/jobs/${this.jobId}/cancel`).catch((error) => progress.notStopped(wordsFor(error)));
  }

  async #showEnded() {
    try {
      const job = await endedJob(this.jobId);
      if (this.#progress && job.status === "completed") announce(t("progress.done"));
      return this.#show(job);
    } catch (error) {
      return this.#refused(error, () => this.#showEnded());
    }
  }

  #show(job) {
    const view = { completed: reportView, failed: failureView }[job.status];
    if (view) return this.#put(view(job), job.status === "failed" && this.#againButton());
    const words = t(job.status === "cancelled" ? "turn.cancelled" : "turn.expired");
    announce(words);
    return this.#put(el("p", { class: "notice" }, words), this.#againButton());
  }

  #refused(error, onretry) {
    if (error.code === "aborted") return this.#show({ status: "cancelled" });
    return this.#put(errorNotice(wordsFor(error)), button(t("error.retry"), "retry", onretry));
  }

  #againButton() {
    return button(t("turn.again"), "retry", () => this.#onagain(this));
  }

  #put(...parts) {
    if (this.#progress?.element !== parts[0]) {
      this.#progress?.stop();
      this.#progress = null;
      this.element.setAttribute("aria-busy", "false");
    }
    const hadFocus = this.#body.contains(document.activeElement);
    this.#body.replaceChildren(...parts.filter(Boolean));
    if (hadFocus) (this.#body.querySelector("button, summary") ?? this.#body).focus();
  }
}

function fileLine(file) {
  return el("p", { class: "question-file" }, icon("file"), el("bdi", {}, file.name), el("span", { class: "muted" }, bytes(file.size)));
}

function failureView(job) {
  const { code, message } = job.error ?? {};
  const attempts = job.error?.details?.attempts ?? [];
  return el("div", { class: "failure" }, errorNotice(message ?? t("turn.failed"), code), attempts.length > 0 && ledger(attempts));
}
