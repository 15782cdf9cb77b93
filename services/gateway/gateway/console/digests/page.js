/** The page "Digests": all bots, one bot, its form, or one digest to read. */

import { announce, el } from "../lib/dom.js";
import { wordsFor } from "../lib/errors.js";
import { t } from "../lib/i18n.js";
import { errorNotice } from "../lib/notice.js";
import { botView } from "./bot.js";
import { editorView } from "./editor.js";
import { overview } from "./overview.js";
import { readingView } from "./reading.js";

const VIEWS = [
  [/^new$/, editorView],
  [/^edit-(.+)$/, editorView],
  [/^(bot_.+)$/, botView],
  [/^(.+)$/, readingView],
];

export class DigestsPage {
  #events;
  #root = document.getElementById("digests");
  #shown = null; // {element, leave}
  #name = undefined; // what is shown
  #opened = 0; // counts openings, so that a slow answer to an earlier one is dropped

  /** `events`: the page's `JobEvents`. */
  constructor({ events }) {
    this.#events = events;
    this.#root.tabIndex = -1;
  }

  /** Shows what `name` names: a bot, `edit-` and a bot, `new`, a digest; all of them for null. */
  async open(name) {
    const opened = ++this.#opened;
    const [, id, view] = chosen(name);
    if (name !== this.#name) this.#turn(name);
    this.#put(el("p", { class: "muted loading", role: "status" }, t("loading")));
    try {
      const made = await view({ id, events: this.#events, again: () => this.open(name) });
      if (opened !== this.#opened) return made.leave?.();
      this.#put(made.element, made);
      if (name !== null) announce(this.#root.querySelector("h1")?.textContent ?? "");
    } catch (error) {
      if (opened !== this.#opened) return;
      const words = error.status === undefined ? t("error.other", { status: error.message }) : wordsFor(error);
      this.#put(el("div", { class: "column" }, back(), errorNotice(words, error.code)));
    }
  }

  /** Another view: it is read from its top, and the keyboard goes on there. */
  #turn(name) {
    if (this.#name !== undefined) {
      window.scrollTo({ top: 0, behavior: "instant" });
      this.#root.focus({ preventScroll: true });
    }
    this.#name = name;
  }

  #put(element, made = null) {
    this.#shown?.leave?.();
    this.#shown = made;
    this.#root.replaceChildren(element);
  }
}

function chosen(name) {
  if (name === null) return [name, null, overview];
  for (const [pattern, view] of VIEWS) {
    const found = pattern.exec(name);
    if (found) return [name, found[1] ?? null, view];
  }
  return [name, null, overview];
}

/** The way back to all bots. */
export const back = () => el("a", { class: "back", href: "#/digests" }, t("digests.all"));
