/** A table of the answer: the first rows at once, the rest on demand, sorted by a click on a column's head. */

import { copyButton } from "../lib/copy.js";
import { button, download, el, fileName } from "../lib/dom.js";
import { language, t } from "../lib/i18n.js";

const ROWS_AT_FIRST = 10;
const ROWS_LEFT_OUT = 5; // a button is not worth fewer
const ROWS_MORE = 200;
// How many digits of a fraction say enough in a table; the exact number is in the cell's title and in the CSV.
const DIGITS = 4;
// Years and other short numbers read badly as "2,012"; from five digits on, groups help.
const GROUPED_FROM = 10_000;
const MIDNIGHT = /^(\d{4}-\d\d-\d\d)[T ]00:00(:00(\.0+)?)?$/;
const MOMENT = /^(\d{4}-\d\d-\d\d)T(?=\d\d:\d\d)/;
const LONG_TEXT = 40;

const collator = new Intl.Collator(language, { numeric: true });

/** The element for a `Table` of the contract. */
export function tableView(table) {
  const title = table.title || t("table.untitled");
  const view = { rows: [...table.rows], shown: rowsAtFirst(table), sorted: null, ascending: true };
  const columns = table.columns.map((name, index) => columnOf(name, index, table.rows));
  const body = el("tbody");
  const more = button("", "chevron", () => { view.shown += ROWS_MORE; render(); }, { class: "button quiet small" });
  const heads = columns.map((column) => headOf(column, () => { sortBy(view, column); render(); }));

  function render() {
    body.replaceChildren(...view.rows.slice(0, view.shown).map((row) => el("tr", {}, columns.map((column) => cellOf(column, row)))));
    heads.forEach((head, index) => head.setAttribute("aria-sort", sortOrder(view, index)));
    const left = view.rows.length - view.shown;
    more.hidden = left <= 0;
    if (left > 0) more.lastChild.textContent = t("table.more", { n: Math.min(left, ROWS_MORE) });
  }

  render();
  const scroller = el("div", { class: "table-scroll", tabindex: 0, role: "group", "aria-label": t("table.scroll", { title }) },
    el("table", {}, el("thead", {}, el("tr", {}, heads)), body));
  return el("section", { class: "table-block", "aria-label": title },
    el("div", { class: "block-head" }, el("h3", {}, title), el("span", { class: "muted" }, countOf(table)), tools(table, title)),
    scroller, more);
}

/** The table as RFC 4180 CSV, values as the server sent them. */
export function csvOf({ columns, rows }) {
  const quote = (value) => {
    const text = value === null ? "" : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns, ...rows].map((row) => row.map(quote).join(",") + "\r\n").join("");
}

function rowsAtFirst({ rows }) {
  return rows.length <= ROWS_AT_FIRST + ROWS_LEFT_OUT ? rows.length : ROWS_AT_FIRST;
}

function columnOf(name, index, rows) {
  const values = rows.map((row) => row[index]).filter((value) => value !== null);
  const numeric = values.length > 0 && values.every((value) => typeof value === "number");
  const format = new Intl.NumberFormat(language, numeric ? numberFormat(values) : {});
  return { name, index, numeric, write: (value) => format.format(value) };
}

/** One format for a whole column, so that the decimal points stand under each other. */
function numberFormat(values) {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const useGrouping = largest >= GROUPED_FROM;
  if (values.every(Number.isInteger)) return { useGrouping };
  if (largest < 0.001) return { maximumSignificantDigits: DIGITS };
  const most = Math.min(6, Math.max(2, DIGITS - 1 - Math.floor(Math.log10(largest))));
  const needed = values.map((value) => value.toFixed(most).replace(/\.?0+$/, "").split(".")[1]?.length ?? 0);
  return { useGrouping, minimumFractionDigits: needed.reduce((a, b) => Math.max(a, b), 0), maximumFractionDigits: most };
}

function headOf(column, onclick) {
  const sort = el("button", { type: "button", class: "sort", title: t("table.sort", { column: column.name }), onclick }, column.name || "—");
  return el("th", { scope: "col", class: column.numeric && "number" }, sort);
}

function cellOf(column, row) {
  const value = row[column.index];
  if (value === null) return el("td", { class: column.numeric ? "empty number" : "empty" }, "—");
  if (typeof value === "number") return el("td", { class: "number", title: String(value) }, column.write(value));
  const text = String(value).replace(MIDNIGHT, "$1").replace(MOMENT, "$1 ");
  return el("td", { class: text.length > LONG_TEXT && "long" }, text);
}

function sortBy(view, column) {
  view.ascending = view.sorted === column.index ? !view.ascending : !column.numeric;
  view.sorted = column.index;
  const sign = view.ascending ? 1 : -1;
  view.rows.sort((left, right) => {
    const [a, b] = [left[column.index], right[column.index]];
    if (a === null || b === null) return (a === null) - (b === null); // empty cells last, both ways
    return sign * (typeof a === "number" && typeof b === "number" ? a - b : collator.compare(String(a), String(b)));
  });
}

function sortOrder(view, index) {
  if (view.sorted !== index) return "none";
  return view.ascending ? "ascending" : "descending";
}

function countOf(table) {
  const shown = table.rows.length;
  return table.total_rows > shown ? t("table.part", { shown, total: table.total_rows }) : t("table.rows", { n: shown });
}

function tools(table, title) {
  const copy = copyButton(t("copy.csv"), () => csvOf(table), { class: "button quiet small" });
  // The mark lets spreadsheet programs see that it is UTF-8.
  const save = () => download(new Blob(["\uFEFF", csvOf(table)], { type: "text/csv;charset=utf-8" }), fileName(title, "csv"));
  return el("div", { class: "tools" }, copy, button(t("download.csv"), "download", save, { class: "button quiet small" }));
}
