/** What a bot left out lately, and why. */

import { call } from "../lib/api.js";
import { el, icon } from "../lib/dom.js";
import { wordsFor } from "../lib/errors.js";
import { t } from "../lib/i18n.js";
import { showPost } from "./post.js";

const SHOWN = 10;

/** Loads when it is opened, for it asks for each post. */
export function droppedView(botId) {
  const list = el("ul", { class: "tried-posts" });
  const details = el("details", { class: "disclosure" }, el("summary", {}, icon("info"), t("dropped.title")), list);
  details.addEventListener("toggle", () => details.open && load(botId, list));
  return details;
}

async function load(botId, list) {
  list.replaceChildren(el("li", { class: "muted" }, t("loading")));
  try {
    const { data } = await call("GET", "v1/posts", { query: { bot_id: botId, state: "dropped", limit: SHOWN } });
    const fates = await Promise.all(data.map((post) => call("GET", `v1/posts/${encodeURIComponent(post.id)}/fate`, { query: { bot_id: botId } })));
    list.replaceChildren(...data.map((post, n) => row(post, fates[n])));
    if (data.length === 0) list.replaceChildren(el("li", { class: "muted" }, t("dropped.none")));
  } catch (error) {
    list.replaceChildren(el("li", {}, wordsFor(error)));
  }
}

function row(post, fate) {
  const open = el("button", { type: "button", class: "linklike", dir: "auto", onclick: () => showPost(post.id) }, post.title || t("post.untitled"));
  return el("li", {}, open, el("p", { class: "muted small", dir: "auto" }, fate.reason || fate.category));
}
