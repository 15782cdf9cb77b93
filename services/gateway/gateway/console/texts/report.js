/** What became of a file of texts: how many, how fast, and with which lines something was wrong. */

import { fetchBlob } from "../lib/api.js";
import { button, download, el } from "../lib/dom.js";
import { wordsFor } from "../lib/errors.js";
import { has, number, t } from "../lib/i18n.js";

const SHOWN = 20; // lines of the list
const READ_BYTES = 65_536; // in which they stand
const COUNTS = { stored: "texts.stored", unchanged: "texts.unchanged", duplicates: "texts.duplicates", failed: "texts.failed", llm_failed: "texts.llm_failed" };
const TROUBLES = ["failed", "llm_failed"];

/** The elements for a `TextBatchReport` of the contract, made by the job `jobId`. */
export function reportView(jobId, report) {
  const counts = Object.entries(COUNTS).filter(([name]) => name !== "llm_failed" || report[name] > 0).map(([name, word]) =>
    el("div", { class: TROUBLES.includes(name) && report[name] > 0 && "bad" }, el("dt", {}, t(word)), el("dd", {}, number(report[name]))));
  const pace = t("texts.took", { n: report.texts, seconds: Math.round(10 * report.seconds) / 10, rate: Math.round(report.texts_per_second) });
  return [el("dl", { class: "counts" }, counts), el("p", { class: "muted small" }, pace), report.listed > 0 && linesView(jobId, report.listed)].filter(Boolean);
}

/** The first lines with which something was wrong, and all of them to take along. */
function linesView(jobId, listed) {
  const list = el("ul", { class: "lines" }, el("li", { class: "muted" }, t("loading")));
  const path = `v1/jobs/${encodeURIComponent(jobId)}/artifacts/errors.ndjson`;
  const fetched = fetchBlob(path);
  fetched.then((blob) => blob.slice(0, READ_BYTES).text()).then(
    (text) => list.replaceChildren(...firstLines(text).map(lineView)),
    (error) => list.replaceChildren(el("li", {}, wordsFor(error))),
  );
  const save = () => fetched.then((blob) => download(blob, "errors.ndjson"), () => {}); // the list says why
  return el("section", { class: "bad-lines", "aria-label": t("texts.lines", { n: listed }) },
    el("div", { class: "block-head" }, el("h3", {}, t("texts.lines", { n: listed })),
      button(t("texts.lines.download"), "download", save, { class: "button quiet small" })),
    list, listed > SHOWN && el("p", { class: "muted small" }, t("texts.lines.more", { n: listed - SHOWN })));
}

/** The last piece may be cut in its middle. */
function firstLines(text) {
  return text.slice(0, text.lastIndexOf("\n")).split("\n").slice(0, SHOWN).map((line) => JSON.parse(line));
}

function lineView({ line, track_id: name, code, message }) {
  const reason = has(`texts.bad.${code}`) ? t(`texts.bad.${code}`) : message;
  return el("li", {}, el("strong", {}, t("sources.line", { line })), name && el("bdi", { class: "muted" }, name), el("span", {}, reason));
}
