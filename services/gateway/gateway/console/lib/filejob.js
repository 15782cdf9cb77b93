/** A file on its way to the server, and its job until that has ended. A page's own class says what is sent and shown. */

import { call, idempotencyKey } from "./api.js";
import { wordsFor } from "./errors.js";
import { isTerminal } from "./events.js";
import { endedJob } from "./jobs.js";
import { ProgressView } from "./progress.js";

/** To be extended by a class with
 * - `submit({key, onsent, signal})`: uploads the file; resolves to the accepted job;
 * - `showProgress(element)`: puts the progress where it belongs;
 * - `happened(progress, {event, data})`: shows an event of the job;
 * - `showEnded(job)`: shows what became of it;
 * - `showProblem(error, again)`: says why the server could not be reached; `again()` tries once more. */
export class FileJob {
  #events;
  #words;
  #progress = null;
  #key = idempotencyKey(); // kept until an answer comes: a try may have arrived although its answer did not
  #abort = null;
  #cancelled = false;

  /** `events`: the page's `JobEvents`; `label` and `sending`: words of the `ProgressView`. */
  constructor({ events, label, sending }) {
    this.#events = events;
    this.#words = { label, sending };
    this.jobId = null;
  }

  /** Sends the file and follows its job. `onaccepted()` is called when the server has it. */
  async send(onaccepted) {
    const progress = this.#startProgress();
    const { signal } = (this.#abort = new AbortController());
    this.#cancelled = false;
    const onsent = (fraction) => {
      if (this.#abort) progress.uploading(fraction);
      if (fraction === 1) this.#abort = null; // from now on there is a job to cancel
    };
    try {
      const job = await this.submit({ key: this.#key, onsent, signal });
      this.#key = idempotencyKey();
      this.jobId = job.id;
      onaccepted();
      await this.follow(job);
    } catch (error) {
      this.showProblem(error, () => this.send(onaccepted));
    } finally {
      this.#abort = null;
    }
  }

  /** Shows `job` and follows it; resolves when it has ended and is shown. */
  async follow(job) {
    this.jobId = job.id;
    if (!isTerminal(job.status)) {
      const progress = this.#progress ?? this.#startProgress(new Date(job.created_at));
      if (this.#cancelled) this.#cancel();
      await new Promise((ended) => {
        this.#events.watch(job.id, (message) => {
          if (message.type === "event") this.happened(progress, message);
          if (message.type === "error" || isTerminal(message.event)) ended();
        });
      });
    }
    await this.#lookAtEnd();
  }

  /** Ends the progress, if it is shown. */
  stopProgress() {
    this.#progress?.stop();
    this.#progress = null;
  }

  async #lookAtEnd() {
    try {
      this.showEnded(await endedJob(this.jobId));
    } catch (error) {
      this.showProblem(error, () => this.#lookAtEnd());
    }
  }

  #startProgress(since = new Date()) {
    this.stopProgress();
    this.#progress = new ProgressView({ since, ...this.#words, oncancel: () => this.#cancel() });
    this.showProgress(this.#progress.element);
    return this.#progress;
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
