/** The answer to a question: text, warnings, plots, tables, the code, the attempts and where it came from. */

import { el, icon } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { codeView, disclosure, ledger } from "./code.js";
import { plotView } from "./plot.js";
import { prose } from "./prose.js";
import { tableView } from "./table.js";

/** The element for a completed job, whose result is a `CsvReport`. */
export function reportView(job) {
  const report = job.result;
  const artifact = (name) => `v1/jobs/${encodeURIComponent(job.id)}/artifacts/${encodeURIComponent(name)}`;
  return el("div", { class: "report" },
    !report.answered && el("p", { class: "unanswered" }, icon("info"), t("answer.unanswered")),
    el("div", { class: "answer" }, prose(report.answer)),
    warningsView(report.warnings),
    report.plots.map((plot) => plotView(plot, { code: report.final_code, artifact: artifact(plot.artifact) })),
    report.tables.map(tableView),
    el("div", { class: "work" },
      report.final_code && disclosure(t("answer.code"), "code", codeView(report.final_code)),
      report.attempts.length > 0 && ledger(report.attempts)),
    provenanceView(report));
}

function warningsView(warnings) {
  if (warnings.length === 0) return null;
  return el("div", { class: "warnings" }, icon("info"),
    el("ul", { "aria-label": t("answer.warnings") }, warnings.map((warning) => el("li", {}, warning))));
}

function provenanceView({ provenance: from, engine }) {
  const parts = [
    el("bdi", {}, from.file_name),
    t("from.rows", { n: from.rows }),
    t("from.columns", { n: from.columns }),
    from.sheet && t("from.sheet", { sheet: from.sheet }),
    el("span", { title: `sha256 ${from.sha256}` }, "sha256 ", el("code", {}, from.sha256.slice(0, 10))),
    engine === "local" ? t("from.engine.local") : t("from.engine", { engine }),
    sandboxPart(from.sandbox_tier),
  ];
  return el("ul", { class: "provenance", "aria-label": t("from.label") }, parts.filter(Boolean).map((part) => el("li", {}, part)));
}

function sandboxPart(tier) {
  if (!tier) return null;
  if (tier === "unsafe") return el("strong", {}, t("from.unsafe"));
  return tier === "full" ? t("from.sandbox.full") : t("from.sandbox", { tier });
}
