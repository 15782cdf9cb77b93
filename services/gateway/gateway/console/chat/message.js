/** A message and its reply, which grows while it is written. */

import { prose } from "../analyze/prose.js";
import { button, el } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { errorNotice } from "../lib/notice.js";

export class MessageView {
  #text = ""; // of the reply so far
  #body = el("div", { class: "reply-body", dir: "auto" });

  constructor(message) {
    const said = el("li", { class: "said" }, el("span", { class: "visually-hidden" }, t("chat.you")), el("p", { dir: "auto" }, message));
    const reply = el("li", { class: "reply" }, el("span", { class: "visually-hidden" }, t("chat.warren")), this.#body);
    this.elements = [said, reply];
  }

  waiting() {
    this.#text = "";
    this.#body.replaceChildren(el("p", { class: "muted writing" }, t("chat.writing")));
  }

  /** The reply goes on with `text` at `offset`; at 0 it begins anew. */
  part(offset, text) {
    this.#text = this.#text.slice(0, offset).padEnd(offset) + text; // what was missed comes with the whole
    this.#body.replaceChildren(...prose(this.#text));
    this.#keepInSight();
  }

  /** The whole reply, whatever parts came. */
  reply(text, engine, warnings = []) {
    this.#text = text;
    const foot = [engine === "local" && t("from.engine.local"), ...warnings].filter(Boolean);
    this.#body.replaceChildren(...prose(text), ...foot.map((words) => el("p", { class: "muted small" }, words)));
    this.#keepInSight();
  }

  /** It was not answered, for the reason in `words`; `again()` asks once more. */
  failed(words, again = null) {
    this.#body.replaceChildren(errorNotice(words), ...(again ? [button(t("error.retry"), "retry", again, { class: "button small" })] : []));
  }

  /** Follows the reply as it grows, unless the person reads further up. */
  #keepInSight() {
    const page = document.documentElement;
    if (page.scrollHeight - page.scrollTop - page.clientHeight < 240) this.elements.at(-1).scrollIntoView({ block: "end" });
  }
}
