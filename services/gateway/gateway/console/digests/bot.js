/** One bot: run it, watch it, read what it wrote. */

import { address, call, idempotencyKey } from "../lib/api.js";
import { sure } from "../lib/ask.js";
import { copyButton } from "../lib/copy.js";
import { button, el, icon } from "../lib/dom.js";
import { wordsFor } from "../lib/errors.js";
import { t } from "../lib/i18n.js";
import { errorNotice } from "../lib/notice.js";
import { droppedView } from "./dropped.js";
import { digestList } from "./overview.js";
import { back } from "./page.js";
import { tryView } from "./preview.js";
import { RunView } from "./run.js";

/** Resolves to `{element, leave}`. */
export async function botView({ id, events }) {
  const path = `v1/bots/${encodeURIComponent(id)}`;
  const [bot, [doing, digests]] = await Promise.all([call("GET", path), known(id)]);
  const page = new BotPage({ bot, path, doing, digests, events });
  return { element: page.element, leave: () => page.leave() };
}

/** What the bot does, and what it wrote lately. */
async function known(id) {
  const [status, digests] = await Promise.all([
    call("GET", "v1/orchestrator", { query: { bot_id: id } }),
    call("GET", "v1/digests", { query: { bot_id: id, limit: 20 } }),
  ]);
  return [status.bots[0], digests.data];
}

class BotPage {
  #bot;
  #path;
  #events;
  #run = null;
  #stage = el("div", { class: "stage-box" });
  #facts = el("p", { class: "muted" });
  #written = el("div", {});
  #start;
  #try;

  constructor({ bot, path, doing, digests, events }) {
    this.#bot = bot;
    this.#path = path;
    this.#events = events;
    this.#start = button(t("bot.run"), "play", () => this.#begin(), { class: "button primary" });
    this.#try = tryView({ botId: bot.id, events, changes: () => ({}) });
    this.element = this.#build();
    this.#show(doing, digests);
    if (doing?.build?.status === "running") this.#watch(doing.build.id);
  }

  leave() {
    this.#run?.leave();
    this.#try.leave();
  }

  #build() {
    const { id, name, categories, active, feed_url: feed } = this.#bot;
    return el("div", { class: "column" }, back(),
      el("div", { class: "bot-head" }, el("h1", { dir: "auto" }, name), !active && el("span", { class: "tag" }, t("bots.asleep"))),
      this.#facts,
      el("ul", { class: "category-chips", "aria-label": t("editor.categories") }, categories.map((category) => el("li", { class: "tag", dir: "auto", title: category.description }, category.name))),
      el("div", { class: "bot-buttons" }, this.#start,
        el("a", { class: "button", href: `#/digests/edit-${encodeURIComponent(id)}` }, icon("edit"), el("span", {}, t("bot.edit"))),
        copyButton(t("bot.feed"), () => address(feed.replace(/^\//, "")), { class: "button" }),
        button(t("bot.delete"), "trash", () => this.#delete(), { class: "button quiet" })),
      this.#stage,
      el("section", { "aria-labelledby": "written-title" }, el("h2", { id: "written-title" }, t("digests.title")), this.#written),
      droppedView(id),
      el("section", { "aria-labelledby": "try-title" }, el("h2", { id: "try-title" }, t("try.title")), el("p", { class: "muted" }, t("try.lead")), this.#try.element));
  }

  #show(doing, digests) {
    const facts = [
      doing && t("bots.unprocessed", { n: doing.unprocessed }),
      this.#bot.schedule && t("bots.scheduled"),
      t("bot.version", { n: this.#bot.prompt_version }),
    ];
    this.#facts.textContent = facts.filter(Boolean).join(" · ");
    this.#written.replaceChildren(digests.length > 0 ? digestList(digests) : el("p", { class: "notice" }, t("bot.nothing")));
  }

  /** A run is over: what it has changed is shown. */
  async #refresh() {
    this.#start.removeAttribute("aria-disabled");
    const [doing, digests] = await known(this.#bot.id).catch(() => [null, null]); // then it stays as it was
    if (digests) this.#show(doing, digests);
  }

  async #begin() {
    if (this.#start.getAttribute("aria-disabled")) return;
    this.#start.setAttribute("aria-disabled", "true");
    try {
      const job = await call("POST", `${this.#path}/runs`, { json: {}, key: idempotencyKey() });
      this.#watch(job.id);
    } catch (error) {
      this.#start.removeAttribute("aria-disabled");
      this.#stage.replaceChildren(errorNotice(wordsFor(error), error.code));
    }
  }

  #watch(jobId) {
    this.#run?.leave();
    this.#start.setAttribute("aria-disabled", "true");
    this.#run = new RunView({ botId: this.#bot.id, jobId, events: this.#events, onend: () => this.#refresh() });
    this.#stage.replaceChildren(this.#run.element);
  }

  async #delete() {
    if (!(await sure(t("bot.delete.ask", { name: this.#bot.name })))) return;
    try {
      await call("DELETE", this.#path);
      location.hash = "#/digests";
    } catch (error) {
      this.#stage.replaceChildren(errorNotice(wordsFor(error), error.code));
    }
  }
}
