/** Where a question is written: the attached file, ideas to start from, the text, and the button. */

import { button, el, icon } from "../lib/dom.js";
import { bytes, t } from "../lib/i18n.js";
import { takeFiles } from "../lib/intake.js";

const SAMPLE = new URL("../coffee-shops.csv", import.meta.url);
const IDEAS = ["ask.idea.describe", "ask.idea.head", "ask.idea.missing", "ask.idea.outliers"];
const SAMPLE_IDEAS = ["sample.idea.1", "sample.idea.2", "sample.idea.3", "sample.idea.4"];

const byId = (id) => document.getElementById(id);

export class Composer {
  #file = null; // given with the next question
  #fileInSession = null; // name of the file the session already has
  #busy = false;
  #onask;
  #form = byId("composer");
  #question = byId("question");
  #note = byId("composer-note");

  /** `onask({question, file, sheet})` is called with the file only when a new one was given. */
  constructor({ onask }) {
    this.#onask = onask;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#question.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#submit();
    });
    this.#question.addEventListener("input", () => this.#fit());
    byId("choose").addEventListener("click", () => byId("file-input").click());
    byId("sample").addEventListener("click", () => this.#trySample());
    takeFiles({
      input: byId("file-input"),
      overlay: byId("drop-over"),
      isOpen: () => !byId("analyze").hidden,
      tables: true,
      onfile: (file, left) => this.attach(file, { left }),
    });
  }

  /** Empties it for a new dialog. */
  reset() {
    this.#clearQuestion();
    this.continueWith(null);
  }

  /** Goes on with the file of this name, which the session has; null is a session without one. */
  continueWith(fileInSession) {
    this.#file = null;
    this.#fileInSession = fileInSession;
    this.#showFile();
  }

  /** Takes `file` for the next question. */
  attach(file, { left = 0, ideas = IDEAS } = {}) {
    this.#file = file;
    this.#showFile();
    this.#showIdeas(this.#fileInSession ? [] : ideas);
    this.say(left > 0 ? t("drop.one", { name: file.name }) : t("file.attached", { name: file.name }));
    this.#focus();
  }

  /** While an answer is on its way, no other question is sent; it can be written. */
  setBusy(busy) {
    this.#busy = busy;
    byId("send").setAttribute("aria-disabled", String(busy));
    if (!busy) this.say("");
  }

  /** A line under the field, also read out. */
  say(words) {
    this.#note.textContent = words;
  }

  /** Not on a touch screen, where it would open the keyboard over everything else. */
  #focus() {
    if (matchMedia("(pointer: fine)").matches) this.#question.focus();
  }

  #clearQuestion() {
    this.#question.value = "";
    this.#fit();
    this.say("");
    this.#showIdeas([]);
  }

  #submit(question = this.#question.value.trim()) {
    if (this.#busy) return this.say(t("ask.busy"));
    if (!this.#file && !this.#fileInSession) {
      byId("choose").focus();
      return this.say(t("ask.needsFile"));
    }
    if (!question) {
      this.#focus();
      return this.say(t("ask.needsQuestion"));
    }
    const asked = { question, file: this.#file, sheet: byId("sheet")?.value.trim() ?? "" };
    this.#clearQuestion();
    this.#focus(); // also after an idea, whose button is gone now
    this.#onask(asked);
  }

  async #trySample() {
    const response = await fetch(SAMPLE);
    const file = new File([await response.blob()], "coffee-shops.csv", { type: "text/csv" });
    this.attach(file, { ideas: SAMPLE_IDEAS });
  }

  #showFile() {
    const name = this.#file?.name ?? this.#fileInSession;
    document.body.classList.toggle("has-file", Boolean(name));
    byId("attached").hidden = !name;
    byId("attached").replaceChildren(...(name ? this.#fileParts(name) : []));
    this.#question.placeholder = t(this.#fileInSession ? "ask.followup" : "ask.placeholder");
  }

  #fileParts(name) {
    const size = this.#file && el("span", { class: "muted" }, bytes(this.#file.size));
    const chip = el("span", { class: "chip" }, icon("file"), el("bdi", { class: "chip-name" }, name), size, this.#file && this.#removeButton(name));
    const sheet = this.#file && /\.(xls[xmb]?|ods)$/i.test(name) && el("label", { class: "sheet" }, t("file.sheet"),
      el("input", { id: "sheet", type: "text", placeholder: t("file.sheet.hint"), autocomplete: "off" }));
    return [chip, sheet, button(t("file.change"), null, () => byId("file-input").click(), { class: "button quiet small" })].filter(Boolean);
  }

  #removeButton(name) {
    const remove = () => {
      this.#file = null;
      this.#showFile();
      this.#showIdeas([]);
      this.say("");
      this.#focus();
    };
    return el("button", { type: "button", class: "chip-remove", "aria-label": t("file.remove", { name }), onclick: remove }, icon("close"));
  }

  #showIdeas(keys) {
    byId("ideas").hidden = keys.length === 0;
    byId("ideas").replaceChildren(...keys.map((key) => {
      const idea = t(key);
      return el("li", {}, el("button", { type: "button", class: "idea", onclick: () => this.#submit(idea) }, idea));
    }));
  }

  /** The field grows with its text, up to the height its style allows. */
  #fit() {
    this.#question.style.height = "auto";
    this.#question.style.height = `${this.#question.scrollHeight}px`;
  }
}
