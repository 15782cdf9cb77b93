/** The form of a bot. */

import { call, idempotencyKey } from "../lib/api.js";
import { announce, button, el } from "../lib/dom.js";
import { wordsFor } from "../lib/errors.js";
import { area, field, input, select, tick } from "../lib/fields.js";
import { language, t } from "../lib/i18n.js";
import { errorNotice } from "../lib/notice.js";
import { categoriesField } from "./categories.js";
import { back } from "./page.js";
import { tryView } from "./preview.js";
import { newChannel } from "./sources.js";

const SCHEDULES = [["", "schedule.never"], ["0 * * * *", "schedule.hourly"], ["0 7 * * *", "schedule.daily"], ["0 7 * * 1", "schedule.weekly"]];
const NEW = {
  name: "", channels: [], categories: [], categorization_prompt: "", summarization_prompt: "", language, schedule: "",
  max_posts_per_digest: 15, active: true, webhook_url: "",
};

/** The form for the bot `id`, or for a new one. */
export async function editorView({ id, events }) {
  const [bot, channels] = await Promise.all([
    id ? call("GET", `v1/bots/${encodeURIComponent(id)}`) : NEW,
    call("GET", "v1/channels", { query: { limit: 100 } }),
  ]);
  const form = new Editor(bot, channels.data, events);
  return { element: form.element, leave: () => form.leave() };
}

class Editor {
  #bot;
  #key = idempotencyKey();
  #problem = el("div", {});
  #channels = [];
  #channelList = el("ul", { class: "ticks" });
  #try = null;

  constructor(bot, channels, events) {
    this.#bot = bot;
    this.name = input(bot.name, { maxlength: 200, required: true, dir: "auto" });
    this.categories = categoriesField(bot.categories);
    this.sorting = area(bot.categorization_prompt, { maxlength: 20000, placeholder: t("editor.sorting.example") });
    this.writing = area(bot.summarization_prompt, { maxlength: 20000, placeholder: t("editor.writing.example") });
    this.language = input(bot.language, { maxlength: 35, list: "languages", spellcheck: false });
    this.most = input(bot.max_posts_per_digest, { type: "number", min: 1, max: 200, inputmode: "numeric" });
    this.schedule = select(bot.schedule, schedules(bot.schedule));
    this.webhook = input(bot.webhook_url, { type: "url", maxlength: 2000, spellcheck: false });
    this.active = tick(t("editor.active"), bot.active);
    for (const channel of channels) this.#addChannel(channel, bot.channels.includes(channel.id));
    this.#try = bot.id ? tryView({ botId: bot.id, events, changes: () => this.#changes() }) : null;
    this.element = this.#build();
  }

  leave() {
    this.#try?.leave();
  }

  #build() {
    const title = this.#bot.id ? t("editor.title", { name: this.#bot.name }) : t("editor.new");
    const cancel = this.#bot.id ? `#/digests/${encodeURIComponent(this.#bot.id)}` : "#/digests";
    const onsubmit = (event) => {
      event.preventDefault();
      this.#save();
    };
    return el("div", { class: "column" }, back(), el("h1", { dir: "auto" }, title),
      el("form", { class: "form", novalidate: true, onsubmit },
        field(t("editor.name"), this.name),
        this.categories.element,
        el("fieldset", {}, el("legend", {}, t("editor.channels")), this.#channelList,
          newChannel({ onmade: (channel) => this.#addChannel(channel, true) })),
        field(t("editor.sorting"), this.sorting, t("editor.sorting.hint")),
        field(t("editor.writing"), this.writing, t("editor.writing.hint")),
        this.#try?.element,
        el("div", { class: "pair" }, field(t("editor.schedule"), this.schedule, t("editor.schedule.hint")), field(t("editor.most"), this.most)),
        el("div", { class: "pair" }, field(t("editor.language"), this.language, t("editor.language.hint")), field(t("editor.webhook"), this.webhook, t("editor.webhook.hint"))),
        el("datalist", { id: "languages" }, ["en", "ru", "de", "fr", "es"].map((code) => el("option", { value: code }))),
        this.active.element,
        this.#problem,
        el("div", { class: "form-buttons" },
          el("button", { type: "submit", class: "button primary" }, t(this.#bot.id ? "editor.save" : "editor.create")),
          el("a", { class: "button", href: cancel }, t("editor.cancel")))));
  }

  #addChannel(channel, checked) {
    const { box, element } = tick(channel.name, checked);
    this.#channels.push({ id: channel.id, box });
    this.#channelList.append(el("li", {}, element, channel.url && el("span", { class: "muted small" }, channel.url)));
    if (checked && this.element) announce(t("editor.channel.added", { name: channel.name }));
  }

  #prompts() {
    return { categorization_prompt: this.sorting.value, summarization_prompt: this.writing.value };
  }

  /** What to try of what is not saved yet. */
  #changes() {
    const categories = this.categories.value();
    return { ...this.#prompts(), ...(categories.length > 0 && { categories }) };
  }

  #spec() {
    return {
      name: this.name.value.trim(),
      categories: this.categories.value(),
      channels: this.#channels.filter(({ box }) => box.checked).map(({ id }) => id),
      ...this.#prompts(),
      language: this.language.value.trim() || language,
      max_posts_per_digest: Number(this.most.value) || 15,
      schedule: this.schedule.value,
      active: this.active.box.checked,
      webhook_url: this.webhook.value.trim(),
    };
  }

  async #save() {
    this.#problem.replaceChildren();
    const spec = this.#spec();
    if (!spec.name) return this.#refuse(t("editor.name.needed"), this.name);
    if (spec.categories.length === 0) return this.#refuse(t("editor.categories.needed"), this.categories.first());
    try {
      const saved = this.#bot.id
        ? await call("PATCH", `v1/bots/${encodeURIComponent(this.#bot.id)}`, { json: spec })
        : await call("POST", "v1/bots", { json: spec, key: this.#key });
      location.hash = `#/digests/${encodeURIComponent(saved.id)}`;
    } catch (error) {
      this.#key = idempotencyKey();
      this.#refuse(wordsFor(error));
    }
    return undefined;
  }

  #refuse(words, control = null) {
    this.#problem.replaceChildren(errorNotice(words));
    (control ?? this.#problem).focus?.();
    this.#problem.scrollIntoView({ block: "nearest" });
  }
}

function schedules(present) {
  const known = SCHEDULES.map(([value, key]) => [value, t(key)]);
  return known.some(([value]) => value === present) ? known : [...known, [present, present]];
}
