/** The page "Texts": files of them are added, and those that are alike are found. */

import { call } from "../lib/api.js";
import { button, el, icon } from "../lib/dom.js";
import { wordsFor } from "../lib/errors.js";
import { t } from "../lib/i18n.js";
import { takeFiles } from "../lib/intake.js";
import { addressOf, wantedBy } from "./address.js";
import { Batch } from "./batch.js";
import { Search } from "./search.js";

const KIND = "analyzer.text_batch";
const SAMPLE = new URL("./verses.csv", import.meta.url);
const IDEAS = ["texts.idea.1", "texts.idea.2", "texts.idea.3", "texts.idea.4"];

const byId = (id) => document.getElementById(id);

export class TextsPage {
  #events;
  #search = new Search();
  #jobs = new Set(); // shown here
  #batches = el("div", { class: "texts-batches" });
  #note = el("p", { class: "composer-note", role: "status" });
  #ideas = el("ul", { class: "ideas", "aria-label": t("ask.suggestions"), hidden: true });

  /** `events`: the page's `JobEvents`. */
  constructor({ events }) {
    this.#events = events;
    const chosen = el("input", { type: "file", id: "texts-input", class: "visually-hidden", tabindex: -1, "aria-hidden": "true", accept: ".ndjson,.jsonl,.json,.csv,.tsv,.txt" });
    byId("texts").append(el("div", { class: "column" },
      el("section", { class: "start", "aria-labelledby": "texts-title" },
        el("h1", { id: "texts-title" }, t("texts.title")), el("p", { class: "lead" }, t("texts.lead"))),
      el("section", { "aria-label": t("texts.words") }, this.#search.element, this.#ideas),
      this.#search.results,
      el("section", { "aria-labelledby": "texts-add" }, el("h2", { id: "texts-add" }, t("texts.add")), dropBox(chosen, () => this.#trySample()),
        chosen, this.#note, this.#batches)));
    takeFiles({
      input: chosen,
      overlay: byId("drop-over"),
      isOpen: () => !byId("texts").hidden,
      onfile: (file, left) => this.#send(file, left),
    });
  }

  /** Shows the batch with this job id too, or what `query` looks for. */
  open(jobId, turned, query) {
    return jobId === null ? this.#search.open(wantedBy(query)) : this.#showBatch(jobId);
  }

  async #showBatch(jobId) {
    if (this.#jobs.has(jobId)) return;
    this.#jobs.add(jobId);
    try {
      const job = await call("GET", `v1/jobs/${encodeURIComponent(jobId)}`);
      if (job.kind !== KIND) throw new TypeError(`${job.kind} is no batch of texts`);
      const batch = this.#add(job.input.file);
      await batch.follow(job);
    } catch (error) {
      this.#jobs.delete(jobId);
      this.#note.textContent = error.status === 404 || error instanceof TypeError ? t("texts.gone") : wordsFor(error);
    }
  }

  #send(file, left = 0, onend = () => {}) {
    this.#note.textContent = left > 0 ? t("drop.one", { name: file.name }) : "";
    const batch = this.#add(file, onend);
    return batch.send(() => {
      this.#jobs.add(batch.jobId);
      // From now on it has an address; not while another page is read.
      if (!byId("texts").hidden) history.pushState(null, "", `#/texts/${encodeURIComponent(batch.jobId)}`);
    });
  }

  #add(file, onend = () => {}) {
    const ended = (report) => {
      onend();
      if (report.stored > 0) this.#search.refresh();
    };
    const batch = new Batch({ file, events: this.#events, onend: ended });
    this.#batches.prepend(batch.element);
    batch.element.scrollIntoView({ block: "nearest" });
    return batch;
  }

  async #trySample() {
    const response = await fetch(SAMPLE);
    const file = new File([await response.blob()], "verses.csv", { type: "text/csv" });
    await this.#send(file, 0, () => this.#showIdeas());
  }

  #showIdeas() {
    this.#ideas.hidden = false;
    this.#ideas.replaceChildren(...IDEAS.map((idea) => el("li", {}, el("a", { class: "idea", href: addressOf({ q: t(idea) }) }, t(idea)))));
  }
}

function dropBox(chosen, sample) {
  return el("div", { class: "drop" }, icon("upload"), el("p", { class: "drop-label" }, t("texts.drop")), el("p", { class: "drop-formats" }, t("texts.formats")),
    el("div", { class: "drop-buttons" }, button(t("drop.choose"), null, () => chosen.click()), button(t("texts.sample"), "table", sample, { class: "button quiet" })));
}
