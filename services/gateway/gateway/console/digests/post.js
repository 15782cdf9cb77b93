/** One post in a dialog, as its author wrote it. */

import { call } from "../lib/api.js";
import { el, icon } from "../lib/dom.js";
import { wordsFor } from "../lib/errors.js";
import { dated, t } from "../lib/i18n.js";
import { outward } from "../lib/links.js";

/** Opens the dialog and fills it when the post is there. */
export async function showPost(id) {
  const dialog = document.getElementById("post-dialog");
  fill(dialog, t("loading"));
  dialog.showModal();
  try {
    const post = await call("GET", `v1/posts/${encodeURIComponent(id)}`);
    const facts = [post.author, post.published_at && dated(post.published_at)].filter(Boolean).join(" · ");
    fill(dialog, post.title || t("post.untitled"),
      facts && el("p", { class: "muted", dir: "auto" }, facts),
      el("p", { class: "post-text", dir: "auto" }, post.text),
      post.url && el("p", {}, outward(t("post.open"), post.url)));
  } catch (error) {
    fill(dialog, t("post.untitled"), el("p", { class: "notice" }, wordsFor(error)));
  }
}

function fill(dialog, title, ...content) {
  const close = el("button", { type: "button", class: "dialog-close", "aria-label": t("plot.close"), onclick: () => dialog.close() }, icon("close"));
  dialog.replaceChildren(el("div", { class: "dialog-head" }, el("h2", { id: "post-title", dir: "auto" }, title), close), ...content.filter(Boolean));
}
