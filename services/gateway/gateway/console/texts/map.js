/** A small map of what was found: near on it is alike, as far as two dimensions can tell. */

import { el, svg } from "../lib/dom.js";
import { t } from "../lib/i18n.js";

const EDGE = 1.15;
const RADIUS = 0.08;

/**
 * `{element, points}`: the points are in the order of the texts in `found`, an answer with places. `asked`: words for
 * what was looked for, `said(text)` for how much alike a text is; `onchosen(n)` is called with the number of a point.
 */
export function mapView(found, asked, said, onchosen) {
  const points = found.data.map((text, n) => text.x !== null && pointOf(text, `${n + 1}. ${text.track_id} · ${said(text)}`, n + 1, () => onchosen(n)));
  const box = `${-EDGE} ${-EDGE} ${2 * EDGE} ${2 * EDGE}`;
  // What is drawn last lies on top: the most similar.
  const drawing = svg("svg", { class: "map", viewBox: box, role: "group", "aria-label": t("texts.map") },
    originOf(found.origin, asked), [...points].reverse());
  const note = t("texts.map.note", { percent: Math.round(100 * found.explained) });
  const element = el("figure", { class: "map-box" }, drawing, el("figcaption", { class: "muted small" }, el("span", { "aria-hidden": "true" }, "◇ "), note));
  return { element, points };
}

function pointOf(text, name, number, choose) {
  const onkeydown = (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    choose();
  };
  return svg("g", { class: "point", tabindex: 0, role: "button", "aria-label": name, transform: place(text), onclick: choose, onkeydown },
    svg("title", {}, name), svg("circle", { r: RADIUS }),
    svg("text", { "text-anchor": "middle", dy: "0.35em", "aria-hidden": "true" }, number));
}

function originOf(origin, asked) {
  const side = 1.3 * RADIUS;
  return svg("g", { class: "origin", role: "img", "aria-label": asked, transform: place(origin) },
    svg("title", {}, asked), svg("path", { d: `M0 ${-side}L${side} 0L0 ${side}L${-side} 0Z` }));
}

/** Upwards is more on a map, and less on a screen. */
const place = ({ x, y }) => `translate(${x} ${-y})`;
