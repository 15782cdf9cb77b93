/** The page "Chat": the conversation, and beside it the topic and what to read. */

import { call, streamed } from "../lib/api.js";
import { announce } from "../lib/dom.js";
import { wordsFor } from "../lib/errors.js";
import { endedJob } from "../lib/jobs.js";
import { t } from "../lib/i18n.js";
import { Beside } from "./beside.js";
import { MessageView } from "./message.js";
import { person } from "./person.js";

const KIND = "digest.chat";
const HISTORY = 50;

const byId = (id) => document.getElementById(id);

export class ChatPage {
  #beside = new Beside();
  #field = byId("message");
  #busy = false;
  #loaded = false;

  constructor() {
    this.#field.placeholder = t("chat.placeholder");
    byId("chat-composer").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.#field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#send();
    });
    this.#field.addEventListener("input", () => this.#fit());
  }

  /** Shows what was said here before, as far as the server keeps it. */
  async open() {
    if (this.#loaded) return;
    this.#loaded = true;
    this.#beside.refresh();
    try {
      const { data } = await call("GET", "v1/jobs", { query: { kind: KIND, limit: HISTORY } });
      const mine = data.filter((job) => job.input.user_id === person()).reverse();
      for (const job of mine) this.#past(job);
      byId("messages").lastElementChild?.scrollIntoView({ block: "end" });
    } catch (error) {
      this.#loaded = false;
      byId("chat-note").textContent = wordsFor(error);
    }
  }

  #past(job) {
    const view = this.#add(job.input.question);
    if (job.brief?.reply) view.reply(job.brief.reply, job.brief.engine);
    else if (job.status !== "completed") view.failed(t("chat.unanswered"));
  }

  async #send() {
    const message = this.#field.value.trim();
    byId("chat-note").textContent = "";
    if (!message) return this.#field.focus();
    if (this.#busy) {
      byId("chat-note").textContent = t("chat.busy");
      return undefined;
    }
    this.#field.value = "";
    this.#fit();
    await this.#say(message, this.#add(message));
    return undefined;
  }

  async #say(message, view) {
    this.#busy = true;
    view.waiting();
    let jobId = null;
    try {
      await streamed("v1/chat", { user_id: person(), message }, (event) => {
        jobId = event.job_id;
        const { data } = event;
        if (data?.type === "reply_part") view.part(data.offset, data.text);
        if (data?.type === "reply") view.reply(data.text, data.engine);
      });
      this.#ended(await endedJob(jobId), view);
    } catch (error) {
      view.failed(wordsFor(error), () => this.#say(message, view));
    } finally {
      this.#busy = false;
    }
  }

  #ended(job, view) {
    if (job.status !== "completed") {
      view.failed(job.error?.message ?? t("chat.unanswered"));
      return;
    }
    view.reply(job.result.reply, job.result.engine, job.result.warnings);
    announce(job.result.reply);
    this.#beside.follow(job.id);
  }

  #add(message) {
    const view = new MessageView(message);
    byId("chat").classList.add("has-messages");
    byId("messages").append(...view.elements);
    view.elements.at(-1).scrollIntoView({ block: "end" });
    return view;
  }

  #fit() {
    this.#field.style.height = "auto";
    this.#field.style.height = `${this.#field.scrollHeight}px`;
  }
}
