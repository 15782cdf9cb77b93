/** All bots, the newest digests, and where posts come from. */

import { call } from "../lib/api.js";
import { el, icon } from "../lib/dom.js";
import { ago, t } from "../lib/i18n.js";
import { sourcesView } from "./sources.js";

/** Resolves to `{element}`. */
export async function overview({ again }) {
  const [bots, status, digests, channels] = await Promise.all([
    call("GET", "v1/bots", { query: { limit: 100 } }),
    call("GET", "v1/orchestrator"),
    call("GET", "v1/digests", { query: { limit: 12 } }),
    call("GET", "v1/channels", { query: { limit: 100 } }),
  ]);
  const doing = new Map(status.bots.map((bot) => [bot.bot_id, bot]));
  const names = new Map(bots.data.map((bot) => [bot.id, bot.name]));
  const element = el("div", { class: "column" },
    el("section", { class: "start" }, el("h1", {}, t("digests.title")), el("p", { class: "lead" }, t("digests.lead"))),
    el("section", { "aria-labelledby": "bots-title" },
      el("div", { class: "section-head" },
        el("h2", { id: "bots-title" }, t("bots.title")),
        el("a", { class: "button primary", href: "#/digests/new" }, icon("plus"), el("span", {}, t("bots.new")))),
      bots.data.length === 0
        ? el("p", { class: "notice" }, t("bots.none"))
        : el("ul", { class: "cards" }, bots.data.map((bot) => botCard(bot, doing.get(bot.id))))),
    digests.data.length > 0 && el("section", { "aria-labelledby": "latest-title" },
      el("h2", { id: "latest-title" }, t("digests.latest")), digestList(digests.data, names)),
    sourcesView(channels.data, again));
  return { element };
}

function botCard(bot, doing) {
  const running = doing?.build?.status === "running";
  const facts = [
    running ? t("bots.running") : doing && t("bots.unprocessed", { n: doing.unprocessed }),
    bot.schedule && t("bots.scheduled"),
  ];
  return el("li", {}, el("a", { class: "card", href: `#/digests/${encodeURIComponent(bot.id)}` },
    el("span", { class: "card-title" }, el("bdi", {}, bot.name), !bot.active && el("span", { class: "tag" }, t("bots.asleep"))),
    el("span", { class: "card-text", dir: "auto" }, bot.categories.map((category) => category.name).join(" · ")),
    el("span", { class: "muted small" }, facts.filter(Boolean).join(" · "))));
}

/** Digests as links; `names` of their bots by id, or null when that goes without saying. */
export function digestList(digests, names = null) {
  return el("ul", { class: "digest-list" }, digests.map((digest) => el("li", {},
    el("a", { href: `#/digests/${encodeURIComponent(digest.id)}`, dir: "auto" }, digest.title || t("digest.untitled")),
    el("span", { class: "muted small" },
      [names?.get(digest.bot_id), t("digest.stories", { n: digest.posts }), ago(digest.created_at)].filter(Boolean).join(" · ")))));
}
