/** Looking for texts: by words, or like one of them. What is looked for is the address's. */

import { call } from "../lib/api.js";
import { announce, el, icon } from "../lib/dom.js";
import { wordsFor } from "../lib/errors.js";
import { field, input, select } from "../lib/fields.js";
import { languageName, t } from "../lib/i18n.js";
import { errorNotice } from "../lib/notice.js";
import { addressOf } from "./address.js";
import { resultsView } from "./results.js";

const LIMIT = 12;
// The nearest text is always found, however far it is. Below this cosine even the best shares next to nothing with the
// words, under any of the engines for vectors.
const FAR = 0.05;
const LANGUAGES = ["ar", "cs", "de", "el", "en", "es", "fa", "fi", "fr", "he", "hi", "it", "ja", "ko", "nl", "pl", "pt", "ru", "sv", "tr", "uk", "zh"];

export class Search {
  #words = input("", { id: "words", maxlength: 5000, enterkeyhint: "search", dir: "auto" });
  #language = select("", [["", t("texts.language.any")], ...languages()]);
  #topic = input("", { maxlength: 100, dir: "auto" });
  #note = el("p", { class: "composer-note", role: "status" });
  #wanted = {};
  /** Where what was found is shown. */
  results = el("section", { "aria-labelledby": "shown-title", hidden: true });
  #opened = 0; // counts openings, so that a slow answer to an earlier one is dropped

  constructor() {
    this.#words.placeholder = t("texts.words.example");
    const onsubmit = (event) => {
      event.preventDefault();
      this.#submit();
    };
    this.element = el("form", { class: "search", role: "search", novalidate: true, onsubmit },
      el("label", { class: "visually-hidden", for: "words" }, t("texts.words")),
      el("div", { class: "ask" }, this.#words,
        el("button", { type: "submit", class: "button primary", id: "look" }, icon("search"), el("span", {}, t("texts.look")))),
      el("div", { class: "pair" }, field(t("texts.language"), this.#language), field(t("texts.topic"), this.#topic)),
      this.#note);
  }

  /** Shows what `wanted` finds; nothing, if it names neither words nor a text. */
  async open(wanted) {
    if (addressOf(wanted) === addressOf(this.#wanted)) return;
    this.#wanted = wanted;
    this.#words.value = wanted.q;
    this.#offer(wanted.language);
    this.#topic.value = wanted.topic;
    await this.refresh();
  }

  /** Looks again for what is shown. */
  async refresh() {
    const opened = ++this.#opened;
    const wanted = this.#wanted;
    this.#note.textContent = "";
    this.results.hidden = !wanted.q && !wanted.like;
    if (this.results.hidden) return;
    this.#put(el("p", { class: "muted", role: "status" }, t("texts.looking")));
    try {
      const found = await this.#ask(wanted);
      if (opened === this.#opened) this.#put(...foundView(found, wanted, askedBy(wanted)));
    } catch (error) {
      if (opened !== this.#opened) return;
      const again = el("button", { type: "button", class: "button", onclick: () => this.refresh() }, icon("retry"), el("span", {}, t("error.retry")));
      this.#put(errorNotice(wordsFor(error), error.code), again);
    }
  }

  #ask({ q, like, language, topic }) {
    const path = q ? "v1/texts/search" : `v1/texts/${encodeURIComponent(like)}/similar`;
    return call("GET", path, { query: { q, language, topic, limit: LIMIT, map: true } });
  }

  #submit() {
    const q = this.#words.value.trim();
    const like = q ? "" : this.#wanted.like;
    if (!q && !like) {
      this.#words.focus();
      this.#note.textContent = t("texts.words.needed");
      return;
    }
    const address = addressOf({ q, like, language: this.#language.value, topic: this.#topic.value.trim() });
    if (address === location.hash) this.refresh();
    else location.hash = address;
  }

  #put(...content) {
    const within = this.results.contains(document.activeElement);
    const title = el("h2", { id: "shown-title", tabindex: -1 }, askedBy(this.#wanted));
    this.results.replaceChildren(title, narrowedBy(this.#wanted), ...content);
    if (within) title.focus(); // what was used is gone: the keyboard goes on where its results begin
  }

  /** Chooses a language, which a text may have although the list does not. */
  #offer(code) {
    if (code && ![...this.#language.options].some((option) => option.value === code)) {
      this.#language.append(el("option", { value: code }, languageName(code)));
    }
    this.#language.value = code;
  }
}

const askedBy = ({ q, like }) => (q ? t("texts.found.words", { words: q }) : t("texts.found.like", { name: like }));

function foundView(found, wanted, asked) {
  announce(t("texts.count", { n: found.data.length }));
  if (found.data.length === 0) return [el("p", { class: "notice" }, t(wanted.language || wanted.topic ? "texts.none.narrow" : wanted.like ? "texts.none.like" : "texts.none"))];
  const far = found.data[0].similarity < FAR && el("p", { class: "notice" }, t("texts.far"));
  return [far, resultsView(found, wanted, asked)].filter(Boolean);
}

/** What the texts must have, and the way to drop that. */
function narrowedBy({ language, topic, ...rest }) {
  const parts = [language && languageName(language), topic].filter(Boolean);
  if (parts.length === 0) return "";
  return el("p", { class: "narrowed" }, el("span", { class: "muted" }, t("texts.narrowed")), parts.map((part) => el("span", { class: "tag", dir: "auto" }, part)),
    el("a", { class: "button quiet small", href: addressOf(rest) }, icon("close"), el("span", {}, t("texts.all"))));
}

function languages() {
  return LANGUAGES.map((code) => [code, languageName(code)]).sort(([, one], [, other]) => one.localeCompare(other));
}
