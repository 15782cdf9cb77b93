/** Code and the ledger of attempts that led to it. */

import { copyButton } from "../lib/copy.js";
import { el, icon } from "../lib/dom.js";
import { t } from "../lib/i18n.js";

const TOKEN = new RegExp(
  [
    String.raw`(?<comment>#[^\n]*)`,
    String.raw`(?<string>[rbfRBF]{0,2}(?:"""[\s\S]*?"""|'''[\s\S]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))`,
    String.raw`(?<keyword>\b(?:and|as|assert|break|class|continue|def|del|elif|else|except|False|finally|for|from|if|import|in|is|lambda|None|not|or|pass|raise|return|True|try|while|with|yield)\b)`,
    String.raw`(?<number>\b\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?\b)`,
  ].join("|"),
  "g",
);

/** Python with its parts marked, and a button to copy it. */
export function codeView(code) {
  const copy = copyButton(t("copy.code"), () => code, { class: "button quiet small code-copy" });
  return el("div", { class: "code-block" }, copy, el("pre", { tabindex: 0 }, el("code", {}, ...marked(code))));
}

/** A part that opens on a click. */
export function disclosure(label, iconName, ...content) {
  return el("details", { class: "disclosure" }, el("summary", {}, icon(iconName), el("span", {}, label)), ...content);
}

/** Every attempt with its code, its error and what it printed. */
export function ledger(attempts) {
  const entries = attempts.map((attempt) => el("li", { class: "attempt" },
    el("p", { class: "attempt-head" },
      el("strong", {}, t("attempt.title", { n: attempt.n })),
      el("span", { class: attempt.error ? "tag bad" : "tag good" }, t(attempt.error ? "attempt.failed" : "attempt.ok")),
      el("span", { class: "muted" }, costOf(attempt))),
    attempt.code && codeView(attempt.code),
    output(t("attempt.error"), attempt.error, "error"),
    output(t("attempt.stdout"), attempt.stdout, "")));
  return disclosure(t("answer.attempts", { n: attempts.length }), "history", el("ol", { class: "attempts" }, entries));
}

function output(label, text, kind) {
  return text && el("div", { class: "output" }, el("p", { class: "muted" }, label), el("pre", { class: kind, tabindex: 0 }, text));
}

function costOf(attempt) {
  const time = attempt.milliseconds ? t("attempt.time", { n: Math.max(1, Math.round(attempt.milliseconds)) }) : "";
  const tokens = attempt.tokens ? t("attempt.tokens", { n: attempt.tokens }) : "";
  return [time, tokens].filter(Boolean).join(" · ");
}

function marked(code) {
  const parts = [];
  let end = 0;
  for (const match of code.matchAll(TOKEN)) {
    const [kind] = Object.entries(match.groups).find(([, text]) => text !== undefined);
    parts.push(code.slice(end, match.index), el("span", { class: `py-${kind}` }, match[0]));
    end = match.index + match[0].length;
  }
  return [...parts, code.slice(end)];
}
