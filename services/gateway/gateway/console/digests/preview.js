/** "Try on ten posts": what would become of them, without keeping anything. */

import { el } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { trialView } from "./trial.js";

const POSTS = 10;

/** `changes()` are prompts and categories to try instead of the bot's own; `leave()` ends it. */
export function tryView({ botId, events, changes }) {
  return trialView({
    events,
    path: `v1/bots/${encodeURIComponent(botId)}/previews`,
    json: () => ({ max_posts: POSTS, ...changes() }),
    label: t("try.button"), icon: "try", done: t("try.done"), show: postsView,
  });
}

function postsView({ posts, warnings = [] }) {
  if (posts.length === 0) return el("p", { class: "notice" }, t("try.none"));
  return el("div", {},
    warnings.map((warning) => el("p", { class: "notice" }, warning)),
    el("ul", { class: "tried-posts" }, posts.map((post) => el("li", {},
      categoryTag(post.category),
      el("strong", { dir: "auto" }, post.title || t("post.untitled")),
      post.summary && el("p", { dir: "auto" }, post.summary),
      post.reason && el("p", { class: "muted small", dir: "auto" }, post.reason)))));
}

/** The category of a post, or that it has none. */
export function categoryTag(category) {
  return category ? el("span", { class: "tag", dir: "auto" }, category) : el("span", { class: "tag bad" }, t("try.dropped"));
}
