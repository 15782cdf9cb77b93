/** The page "Analyze": a dialog about one file at a time. */

import { call } from "../lib/api.js";
import { button, el } from "../lib/dom.js";
import { wordsFor } from "../lib/errors.js";
import { isTerminal } from "../lib/events.js";
import { t } from "../lib/i18n.js";
import { Composer } from "./composer.js";
import { History, jobsOf } from "./history.js";
import { Turn } from "./turn.js";

const byId = (id) => document.getElementById(id);

export class AnalyzePage {
  #sessionId = null;
  #ended = false; // the session is over: the next question starts another
  #turns = [];
  #opened = 0; // counts openings, so that a slow answer to an earlier one is dropped
  #events;
  #composer = new Composer({ onask: (asked) => this.#ask(asked) });
  #history = new History();

  /** `events`: the page's `JobEvents`. */
  constructor({ events }) {
    this.#events = events;
    this.#history.refresh();
  }

  /** Shows the dialog of a session, or the start of a new one for null. `back`: from another page, as it was left. */
  async open(sessionId, back = false) {
    if (sessionId === this.#sessionId && (back || sessionId !== null)) return;
    const opened = ++this.#opened;
    this.#clear(sessionId);
    if (sessionId === null) return;
    try {
      const jobs = await jobsOf(sessionId);
      const alive = await isAlive(sessionId);
      if (opened === this.#opened) await this.#showDialog(jobs, alive);
    } catch (error) {
      if (opened === this.#opened) this.#thread(el("p", { class: "notice" }, wordsFor(error)));
    }
  }

  #clear(sessionId) {
    for (const turn of this.#turns) turn.leave();
    this.#turns = [];
    this.#sessionId = sessionId;
    this.#ended = false;
    byId("thread").replaceChildren();
    document.body.classList.toggle("in-dialog", sessionId !== null);
    this.#composer.reset();
    this.#composer.setBusy(false);
    this.#history.mark(sessionId);
  }

  async #showDialog(jobs, alive) {
    const opened = this.#opened;
    if (jobs.length === 0) this.#thread(el("p", { class: "notice" }, t("turn.gone")));
    const turns = jobs.map((job, n) => this.#addTurn({
      question: job.input?.question ?? job.id,
      file: job.input?.file?.id === jobs[n - 1]?.input?.file?.id ? null : job.input?.file,
    }));
    this.#thread(this.#deleteButton());
    if (alive) this.#composer.continueWith(jobs.at(-1)?.input?.file?.name ?? null);
    else this.#end();
    turns.at(-1)?.element.scrollIntoView();
    // One after another, newest first: a long dialog must not run into the limit of requests.
    for (const [n, job] of [...jobs.entries()].reverse()) {
      if (opened !== this.#opened) return;
      if (isTerminal(job.status)) await turns[n].follow(job);
      else this.#follow(turns[n], job);
    }
  }

  /** The session is gone on the server: what is shown stays, but a new question needs its file again. */
  #end() {
    this.#ended = true;
    document.querySelector(".thread-tools")?.remove();
    this.#composer.continueWith(null);
    this.#composer.say(t("session.ended"));
  }

  async #ask({ question, file, sheet }) {
    if (this.#ended) {
      this.#opened += 1;
      this.#clear(null);
    }
    await this.#send(this.#addTurn({ question, file, sheet }));
  }

  async #send(turn) {
    const opened = this.#opened;
    this.#composer.setBusy(true);
    document.body.classList.add("in-dialog");
    turn.element.scrollIntoView();
    const job = await turn.send(this.#sessionId);
    if (opened !== this.#opened) return;
    if (!job) return this.#refused(turn.refusal);
    this.#enter(job.session_id);
    this.#composer.continueWith(job.input.file.name);
    this.#history.refresh();
    await this.#follow(turn, job);
    if (opened === this.#opened) turn.element.scrollIntoView();
  }

  #refused({ status }) {
    this.#composer.setBusy(false);
    if (this.#sessionId && (status === 404 || status === 410)) this.#end();
  }

  async #follow(turn, job) {
    const opened = this.#opened;
    this.#composer.setBusy(true);
    await turn.follow(job);
    if (opened !== this.#opened) return;
    this.#composer.setBusy(false);
    this.#history.refresh();
  }

  /** The first answer names the session: from now on it has an address. */
  #enter(sessionId) {
    if (sessionId === this.#sessionId) return;
    this.#sessionId = sessionId;
    history.pushState(null, "", `#/analyze/${encodeURIComponent(sessionId)}`);
    this.#history.mark(sessionId);
    this.#thread(this.#deleteButton());
  }

  #addTurn(asked) {
    const turn = new Turn({ ...asked, events: this.#events, onagain: (again) => this.#send(again) });
    this.#turns.push(turn);
    byId("thread").append(turn.element);
    return turn;
  }

  /** Puts something above the turns. */
  #thread(node) {
    byId("thread").prepend(node);
  }

  #deleteButton() {
    const label = t("file.delete");
    return el("div", { class: "thread-tools" }, button(label, "trash", () => this.#delete(), { class: "button quiet small" }));
  }

  #delete() {
    const dialog = byId("delete-dialog");
    dialog.returnValue = "keep";
    dialog.addEventListener("close", async () => {
      if (dialog.returnValue !== "delete") return;
      try {
        await call("DELETE", `v1/sessions/${this.#sessionId}`);
        this.#end();
      } catch (error) {
        this.#composer.say(wordsFor(error));
      }
    }, { once: true });
    dialog.showModal();
  }
}

/** Whether the session still takes questions. */
async function isAlive(sessionId) {
  try {
    await call("GET", `v1/sessions/${encodeURIComponent(sessionId)}`);
    return true;
  } catch (error) {
    if (error.status === 404 || error.status === 410) return false;
    throw error;
  }
}
