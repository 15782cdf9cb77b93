/** The page "Transcribe": recordings and files, each with its words, one below the other. */

import { call } from "../lib/api.js";
import { el } from "../lib/dom.js";
import { wordsFor } from "../lib/errors.js";
import { takeFiles } from "../lib/intake.js";
import { t } from "../lib/i18n.js";
import { Dock } from "./dock.js";
import { FileTranscription } from "./file.js";
import { Recording } from "./recording.js";

const byId = (id) => document.getElementById(id);

export class TranscribePage {
  #events;
  #recording = null;
  #jobs = new Set(); // shown here
  #dock = new Dock({
    onrecord: () => this.#record(),
    onstop: () => this.#recording?.stop(),
    onchoose: () => byId("recording-input").click(),
  });

  /** `events`: the page's `JobEvents`. */
  constructor({ events }) {
    this.#events = events;
    takeFiles({
      input: byId("recording-input"),
      overlay: byId("drop-over"),
      isOpen: () => !byId("transcribe").hidden,
      onfile: (file, left) => this.#send(file, left),
    });
  }

  /** Shows the transcription with this job id too; null changes nothing. */
  async open(jobId) {
    if (jobId === null || this.#jobs.has(jobId)) return;
    this.#jobs.add(jobId);
    try {
      const job = await call("GET", `v1/jobs/${encodeURIComponent(jobId)}`);
      if (job.kind !== "transcriber.file") throw new TypeError(`${job.kind} is no recording`);
      const file = new FileTranscription({ file: job.input.file, events: this.#events });
      this.#show(file.element);
      await file.follow(job);
    } catch (error) {
      this.#jobs.delete(jobId);
      this.#show(el("p", { class: "notice" }, error.status === 404 || error instanceof TypeError ? t("speech.gone") : wordsFor(error)));
    }
  }

  #record() {
    this.#recording = new Recording({
      dock: this.#dock,
      onshow: (element) => this.#show(element),
      onend: () => (this.#recording = null),
    });
    return this.#recording.start();
  }

  #send(file, left) {
    if (this.#recording === null) this.#dock.complain("");
    if (left > 0) this.#dock.say(t("drop.one", { name: file.name }));
    const transcription = new FileTranscription({ file, events: this.#events });
    this.#show(transcription.element);
    return transcription.send(() => {
      this.#jobs.add(transcription.jobId);
      // From now on it has an address; not while another page is read.
      const address = `#/transcribe/${encodeURIComponent(transcription.jobId)}`;
      if (!byId("transcribe").hidden) history.pushState(null, "", address);
    });
  }

  #show(element) {
    byId("transcripts").append(element);
    byId("transcribe").classList.add("has-transcripts");
    element.scrollIntoView();
  }
}
