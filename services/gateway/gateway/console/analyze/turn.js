/** One question and what became of it: on its way, answered, failed, cancelled. */

import { ApiError, call, idempotencyKey, upload } from "../lib/api.js";
import { announce, button, el, icon } from "../lib/dom.js";
import { wordsFor } from "../lib/errors.js";
import { isTerminal } from "../lib/events.js";
import { bytes, t } from "../lib/i18n.js";
import { ledger } from "./code.js";
import { ProgressView } from "./progress.js";
import { reportView } from "./report.js";

// The event of an ending may overtake its record by a moment; then the job is asked for again.
const RECORD_TRIES = 10;
const RECORD_PAUSE = 300;

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
    this.#progress = new ProgressView({ since, oncancel: () => this.#cancel() });
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
    for (let tries = 1; ; tries += 1) {
      try {
        const job = await call("GET", `v1/jobs/${this.jobId}`);
        if (this.#progress && job.status === "completed") announce(t("progress.done"));
        if (isTerminal(job.status)) return this.#show(job);
        if (tries === RECORD_TRIES) throw new ApiError({ status: 503, code: "job.unrecorded" });
      } catch (error) {
        const passing = error instanceof ApiError && (error.status === 0 || error.status === 503 || error.status === 429);
        if (!passing || tries === RECORD_TRIES) return this.#refused(error, () => this.#showEnded());
      }
      await new Promise((resolve) => setTimeout(resolve, RECORD_PAUSE * tries));
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
    return this.#put(errorNotice(wordsFor(error), null), button(t("error.retry"), "retry", onretry));
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

function errorNotice(words, code) {
  return el("div", { class: "notice bad", role: "alert" }, icon("alert"),
    el("div", {}, el("p", { class: "notice-title" }, t("turn.failed")), el("p", {}, words), code && el("p", { class: "muted small" }, t("error.code", { code }))));
}
