/** What was said, utterance by utterance: grey while it may change, then for good; and ways to keep it. */

import { copyButton } from "../lib/copy.js";
import { button, download, el, fileName } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { srt, txt, vtt } from "./subtitles.js";

const FORMATS = [
  ["TXT", txt, "text/plain"],
  ["SRT", srt, "application/x-subrip"],
  ["VTT", vtt, "text/vtt"],
];
const NEAR_END = 160; // pixels from the end of the page: who has scrolled further up reads there

export class TranscriptView {
  #segments = [];
  #title;
  // The words themselves are read out as they become final; the grey ones would be read over and over.
  #finals = el("ol", { class: "utterances", role: "log", "aria-label": t("speech.words") });
  #interim = el("p", { class: "utterance interim", hidden: true });
  #foot = el("div", { class: "transcript-foot" });

  /** `title` heads it and names the downloads; `about` are nodes beside it. */
  constructor({ title, about = [] }) {
    this.#title = title;
    this.element = el("article", { class: "transcript", "aria-label": title },
      el("header", { class: "transcript-head" }, el("h2", {}, el("bdi", {}, title)), el("p", { class: "muted small" }, about)),
      el("div", { class: "transcript-body" }, this.#finals, this.#interim),
      this.#foot);
  }

  get empty() {
    return this.#segments.length === 0;
  }

  /** Adds an utterance that will not change any more. */
  add({ start, end, text }) {
    this.#segments.push({ start, end, text });
    this.#following(() => {
      this.guess(null);
      this.#finals.append(utterance("li", { start, text }));
    });
  }

  /** Shows what an utterance sounds like so far; null takes it away. */
  guess(transcript) {
    this.#following(() => {
      this.#interim.hidden = !transcript?.text;
      this.#interim.replaceChildren(...(transcript?.text ? utterance("p", transcript).childNodes : []));
    });
  }

  /** Replaces everything by the final `segments`. */
  replace(segments) {
    this.clear();
    for (const segment of segments) this.add(segment);
  }

  /** Forgets all words. */
  clear() {
    this.#segments = [];
    this.#finals.replaceChildren();
    this.guess(null);
  }

  /** Nothing more comes: offers what there is as files, below `notes` on how it went. */
  end(...notes) {
    this.guess(null);
    const empty = this.empty && notes.length === 0 && el("p", { class: "muted" }, t("speech.nothing"));
    this.foot(...[empty, ...notes, !this.empty && this.#tools()].filter(Boolean));
  }

  /** What stands below the words. */
  foot(...nodes) {
    this.#following(() => this.#foot.replaceChildren(...nodes));
  }

  #tools() {
    return el("div", { class: "tools", role: "group", "aria-label": t("speech.keep") },
      FORMATS.map(([name, write, type]) => button(name, "download", () => {
        download(new Blob([write(this.#segments)], { type: `${type};charset=utf-8` }), fileName(this.#title, name.toLowerCase()));
      }, { class: "button small", "aria-label": t("speech.download", { format: name }) })),
      copyButton(t("speech.copy"), () => txt(this.#segments), { class: "button quiet small" }));
  }

  /** Makes a change and, for a person who reads at the end of the page, stays there. */
  #following(change) {
    const page = document.documentElement;
    const atEnd = page.scrollHeight - page.clientHeight - page.scrollTop < NEAR_END;
    change();
    if (atEnd && this.element.isConnected) page.scrollTo({ top: page.scrollHeight, behavior: "instant" });
  }
}

function utterance(tag, { start, text }) {
  return el(tag, { class: "utterance" }, el("time", { class: "muted" }, clock(start)), el("span", {}, text));
}

/** Seconds as `0:07`, `12:07` or `1:02:07`. */
export function clock(seconds) {
  const whole = Math.floor(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const rest = String(whole % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}
