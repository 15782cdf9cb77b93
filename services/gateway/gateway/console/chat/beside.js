/** Beside the conversation: what it is about, and what to read on that. */

import { call } from "../lib/api.js";
import { announce, button, el } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { outward } from "../lib/links.js";
import { person } from "./person.js";

const SHOWN = 6;
const LOOKS = [300, 700, 1500, 3000, 6000]; // after a reply: its topic is found behind it
const KINDS = { quote: "kind.quote", article: "kind.article", video: "kind.video" };

const byId = (id) => document.getElementById(id);
const mine = () => `v1/users/${encodeURIComponent(person())}`;

export class Beside {
  #followed = 0; // counts messages: only the newest one is followed

  /** Shows what is known now. */
  async refresh() {
    const [topic, found] = await Promise.all([
      call("GET", `${mine()}/topic`).catch(() => null), // beside the conversation, an outage is no news
      call("GET", `${mine()}/recommendations`, { query: { limit: SHOWN } }).catch(() => null),
    ]);
    if (topic) this.#showTopic(topic);
    if (found) this.#showReading(found);
    return topic;
  }

  /** Looks until the topic of this message is found. */
  async follow(messageId) {
    const followed = ++this.#followed;
    for (const pause of LOOKS) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      if (followed !== this.#followed) return;
      const topic = await this.refresh();
      if (topic?.message_id === messageId) break;
    }
  }

  #showTopic({ topic }) {
    const words = topic ? [el("span", { class: "muted" }, t("chat.topic")), el("strong", { dir: "auto" }, topic)] : [el("span", { class: "muted" }, t("chat.topic.none"))];
    if (byId("topic").textContent !== words.map((word) => word.textContent).join("")) byId("topic").replaceChildren(...words);
  }

  #showReading({ data, stale }) {
    const rows = data.map((one) => this.#row(one));
    if (data.length === 0) rows.push(el("li", { class: "muted" }, t("chat.reading.none")));
    if (stale) rows.unshift(el("li", { class: "muted small" }, t("chat.stale")));
    byId("reading").replaceChildren(...rows);
  }

  #row({ item, reason }) {
    const title = item.kind === "quote" ? el("blockquote", { dir: "auto" }, item.text) : el("h3", { dir: "auto" }, outward(item.title, item.url));
    const from = [item.author, item.source].filter(Boolean).join(", ");
    return el("li", { class: `item ${item.kind}` },
      el("span", { class: "tag" }, t(KINDS[item.kind] ?? "kind.article")), title,
      item.kind !== "quote" && item.text && el("p", { class: "item-text", dir: "auto" }, item.text),
      from && el("p", { class: "muted small", dir: "auto" }, from),
      !item.url && item.search && el("p", { class: "small", dir: "auto" }, t("chat.search", { words: item.search })),
      reason && el("p", { class: "reason small", dir: "auto" }, reason),
      button(t("chat.read"), "check", () => this.#read(item), { class: "button quiet small" }));
  }

  async #read(item) {
    try {
      await call("POST", `${mine()}/read`, { json: { item_ids: [item.id] } });
      announce(t("chat.read.done"));
      await this.refresh();
    } catch {
      announce(t("chat.read.failed"));
    }
  }
}
