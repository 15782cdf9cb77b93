/** "Make it again": a digest's posts under other prompts, and what that changes. */

import { call } from "../lib/api.js";
import { el, icon } from "../lib/dom.js";
import { wordsFor } from "../lib/errors.js";
import { area, field } from "../lib/fields.js";
import { t } from "../lib/i18n.js";
import { errorNotice } from "../lib/notice.js";
import { showPost } from "./post.js";
import { categoryTag } from "./preview.js";
import { trialView } from "./trial.js";

const SHOWN = 30;

/** Loads the bot's present prompts when it is opened; `leave()` ends what it started. */
export function againView({ digest, events }) {
  const sorting = area("", { maxlength: 20000, placeholder: t("editor.sorting.example") });
  const writing = area("", { maxlength: 20000, placeholder: t("editor.writing.example") });
  const trial = trialView({
    events,
    path: `v1/digests/${encodeURIComponent(digest.id)}/reruns`,
    json: () => ({ categorization_prompt: sorting.value, summarization_prompt: writing.value }),
    label: t("again.button"), icon: "try", done: t("again.done"), show: comparisonView,
  });
  const form = el("div", { class: "form" });
  const load = async () => {
    try {
      const bot = await call("GET", `v1/bots/${encodeURIComponent(digest.bot_id)}`);
      sorting.value = bot.categorization_prompt;
      writing.value = bot.summarization_prompt;
      form.replaceChildren(field(t("editor.sorting"), sorting), field(t("editor.writing"), writing), trial.element);
    } catch (error) {
      form.replaceChildren(errorNotice(wordsFor(error), error.code));
    }
  };
  const element = el("details", { class: "disclosure" }, el("summary", {}, icon("try"), t("again.title")), form);
  element.addEventListener("toggle", () => element.open && form.childElementCount === 0 && load());
  return { element, leave: trial.leave };
}

function comparisonView({ digest_id: id, moved, posts }) {
  const changed = posts.filter((post) => post.category_before !== post.category_after || post.summary_before !== post.summary_after);
  return el("div", {},
    el("p", {}, t("again.moved", { n: moved, of: posts.length }), " ",
      el("a", { href: `#/digests/${encodeURIComponent(id)}` }, t("again.read"))),
    el("ul", { class: "tried-posts" }, changed.slice(0, SHOWN).map(row)),
    changed.length > SHOWN && el("p", { class: "muted small" }, t("again.more", { n: changed.length - SHOWN })));
}

function row(post) {
  const moved = post.category_before !== post.category_after;
  return el("li", {},
    el("span", {}, categoryTag(post.category_before), moved && " → ", moved && categoryTag(post.category_after)),
    el("button", { type: "button", class: "linklike", dir: "auto", onclick: () => showPost(post.post_id) }, post.title || t("post.untitled")),
    el("p", { dir: "auto" }, post.summary_after || post.reason_after));
}
