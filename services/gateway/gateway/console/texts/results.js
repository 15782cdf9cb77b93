/** What was found, the most similar first, beside its map. */

import { el, icon } from "../lib/dom.js";
import { languageName, number, t } from "../lib/i18n.js";
import { addressOf } from "./address.js";
import { mapView } from "./map.js";

const EXCERPT = 240; // characters the server keeps: a longer text goes on

/** The element for an answer of the API with texts in it. `wanted` is what was looked for; `asked`, in words. */
export function resultsView(found, wanted, asked) {
  const items = found.data.map((text, n) => itemOf(text, n, wanted));
  const list = el("ol", { class: "found" }, items);
  if (!found.origin) return list;
  const { element, points } = mapView(found, asked, similarity, (n) => {
    items[n].scrollIntoView({ block: "nearest" });
    items[n].focus({ preventScroll: true });
  });
  items.forEach((item, n) => points[n] && joined(item, points[n]));
  return el("div", { class: "results" }, element, list);
}

function itemOf(text, n, wanted) {
  const excerpt = text.excerpt.length < EXCERPT ? text.excerpt : `${text.excerpt}…`;
  const language = text.language && narrower(languageName(text.language), "texts.only.language", { ...wanted, language: text.language });
  const topics = text.topics.map((topic) => narrower(topic, "texts.only.topic", { ...wanted, topic }));
  return el("li", { class: "text", tabindex: -1 },
    el("div", { class: "text-head" }, el("span", { class: "rank", "aria-hidden": "true" }, n + 1), el("h3", { dir: "auto" }, text.track_id),
      el("span", { class: "muted small" }, similarity(text))),
    excerpt && el("p", { class: "excerpt", dir: "auto" }, excerpt),
    el("div", { class: "text-foot" }, language, topics, similarTo(text)));
}

/** How much alike it is: the cosine in words. */
const similarity = (text) => t("texts.similarity", { value: number(Math.round(100 * text.similarity) / 100) });

/** A link to the same search, among fewer texts. */
function narrower(words, label, wanted) {
  return el("a", { class: "tag", href: addressOf(wanted), dir: "auto", "aria-label": t(label, { words }) }, words);
}

function similarTo({ track_id: name }) {
  return el("a", { class: "button quiet small", href: addressOf({ like: name }), "aria-label": t("texts.similar.to", { name }) },
    icon("near"), el("span", {}, t("texts.similar")));
}

/** Either is marked while the other is pointed at or has the focus. */
function joined(item, point) {
  for (const [one, other] of [[item, point], [point, item]]) {
    for (const happening of ["pointerenter", "focusin"]) one.addEventListener(happening, () => other.classList.add("lit"));
    for (const happening of ["pointerleave", "focusout"]) one.addEventListener(happening, () => other.classList.remove("lit"));
  }
}
