/** An answer's text as elements. Of Markdown it knows paragraphs, lists, **bold** and `code`; the rest stays as written. */

import { el } from "../lib/dom.js";

const BULLET = /^\s*[-*•]\s+/;
const INLINE = /\*\*(\S(?:.*?\S)?)\*\*|`([^`]+)`/g;

/** Elements for `text`, in order. */
export function prose(text) {
  const blocks = [];
  for (const paragraph of text.trim().split(/\n{2,}/)) {
    for (const lines of runs(paragraph.split("\n"))) {
      blocks.push(BULLET.test(lines[0]) ? list(lines) : el("p", {}, ...broken(lines)));
    }
  }
  return blocks;
}

/** Splits lines into runs that are all bullets or all not. */
function runs(lines) {
  const grouped = [];
  for (const line of lines) {
    const last = grouped.at(-1);
    if (last && BULLET.test(last[0]) === BULLET.test(line)) last.push(line);
    else grouped.push([line]);
  }
  return grouped;
}

const list = (lines) => el("ul", {}, ...lines.map((line) => el("li", {}, ...inline(line.replace(BULLET, "")))));

const broken = (lines) => lines.flatMap((line, n) => (n === 0 ? inline(line) : [el("br"), ...inline(line)]));

function inline(line) {
  const parts = [];
  let end = 0;
  for (const match of line.matchAll(INLINE)) {
    parts.push(line.slice(end, match.index));
    parts.push(match[1] === undefined ? el("code", {}, match[2]) : el("strong", {}, match[1]));
    end = match.index + match[0].length;
  }
  parts.push(line.slice(end));
  return parts.filter((part) => part !== "");
}
