/** A digest to read: grouped, each sentence with the posts it came from. */

import { call, fetchBlob } from "../lib/api.js";
import { copyButton } from "../lib/copy.js";
import { button, download, el, fileName } from "../lib/dom.js";
import { wordsFor } from "../lib/errors.js";
import { dated, t } from "../lib/i18n.js";
import { outward } from "../lib/links.js";
import { errorNotice } from "../lib/notice.js";
import { againView } from "./again.js";
import { back } from "./page.js";
import { showPost } from "./post.js";

/** Resolves to `{element, leave}`. */
export async function readingView({ id, events }) {
  const path = `v1/digests/${encodeURIComponent(id)}`;
  const digest = await call("GET", path);
  const numbers = new Map(); // post id → the number it is cited by, in the order of reading
  const problem = el("div", {});
  const markdown = async () => {
    problem.replaceChildren();
    try {
      download(await fetchBlob(`${path}.md`), fileName(digest.title, "md"));
    } catch (error) {
      problem.replaceChildren(errorNotice(wordsFor(error), error.code));
    }
  };
  const again = againView({ digest, events });
  const sections = digest.sections.map((section, n) => sectionView(section, n, numbers));
  const element = el("article", { class: "digest column", lang: digest.language },
    el("div", { lang: document.documentElement.lang }, el("a", { class: "back", href: `#/digests/${encodeURIComponent(digest.bot_id)}` }, t("digest.bot"))),
    el("header", {}, el("h1", { dir: "auto" }, digest.title || t("digest.untitled")), el("p", { class: "muted", lang: document.documentElement.lang }, aboutWords(digest))),
    digest.sections.length > 1 && contents(digest.sections, sections),
    sections,
    digest.sections.length === 0 && el("p", { class: "notice" }, t("digest.empty")),
    el("footer", { class: "digest-foot", lang: document.documentElement.lang },
      button(t("digest.markdown"), "download", markdown),
      copyButton(t("digest.copy"), () => plainText(digest), { class: "button" }), problem),
    el("div", { lang: document.documentElement.lang }, again.element));
  return { element, leave: again.leave };
}

function aboutWords(digest) {
  const engine = digest.engine === "local" ? t("from.engine.local") : t("from.engine", { engine: digest.engine });
  const parts = [dated(digest.created_at), t("digest.stories", { n: digest.posts }), t("digest.considered", { n: digest.considered }), engine, digest.rerun_of && t("digest.again")];
  return parts.filter(Boolean).join(" · ");
}

function contents(sections, elements) {
  return el("nav", { class: "contents", "aria-label": t("digest.contents") }, sections.map((section, n) =>
    el("button", { type: "button", class: "tag", dir: "auto", onclick: () => {
      elements[n].scrollIntoView();
      elements[n].querySelector("h2").focus({ preventScroll: true });
    } }, `${section.category} `, el("span", { class: "muted" }, String(section.items.length)))));
}

function sectionView(section, n, numbers) {
  const id = `section-${n}`;
  return el("section", { class: "digest-section", "aria-labelledby": id },
    el("h2", { id, tabindex: -1, dir: "auto" }, section.category),
    section.items.map((item) => storyView(item, numbers)));
}

function storyView(item, numbers) {
  const told = item.sentences.flatMap((sentence) => [sentence.text, ...sentence.post_ids.map((id) => citation(id, numbers)), " "]);
  const cited = new Set(item.sentences.flatMap((sentence) => sentence.post_ids));
  const others = item.post_ids.filter((id) => !cited.has(id));
  const facts = [item.published_at && dated(item.published_at), others.length > 0 && t("digest.others", { n: others.length })];
  return el("section", { class: "story" },
    el("h3", { dir: "auto" }, outward(item.title || t("post.untitled"), item.url)),
    el("p", { dir: "auto" }, told),
    el("p", { class: "muted small" }, facts.filter(Boolean).join(" · "), others.map((id) => citation(id, numbers))));
}

/** A small number that opens the post a sentence came from. */
function citation(postId, numbers) {
  if (!numbers.has(postId)) numbers.set(postId, numbers.size + 1);
  const n = numbers.get(postId);
  return el("button", { type: "button", class: "cite", "aria-label": t("digest.source", { n }), onclick: () => showPost(postId) }, String(n));
}

function plainText(digest) {
  const story = (item) => [item.title, item.sentences.map((sentence) => sentence.text).join(" "), item.url].filter(Boolean).join("\n");
  return [digest.title, ...digest.sections.flatMap((section) => [section.category, ...section.items.map(story)])].join("\n\n");
}
