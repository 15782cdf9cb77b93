/** The console's words. The language is the first of the browser's that has a dictionary; English otherwise. */

import { en } from "../i18n/en.js";
import { ru } from "../i18n/ru.js";

const DICTIONARIES = { en, ru };

export const language =
  navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase()).find((code) => code in DICTIONARIES) ?? "en";

const words = DICTIONARIES[language];
const plural = new Intl.PluralRules(language);

/** Whether the dictionary has `key`. */
export const has = (key) => key in words;

/**
 * The words for `key` with `{name}` filled from `values`. An entry that is an object is chosen by the plural form
 * of `values.n`.
 */
export function t(key, values = {}) {
  const entry = words[key];
  const text = typeof entry === "object" ? (entry[plural.select(values.n)] ?? entry.other) : entry;
  return text.replace(/\{(\w+)\}/g, (_, name) => {
    const value = values[name];
    return typeof value === "number" ? number(value) : String(value);
  });
}

const numbers = new Intl.NumberFormat(language, { maximumSignificantDigits: 15 });
const dates = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });

/** A number as the language writes it. */
export const number = (value) => numbers.format(value);

/** "3 minutes ago", and a date once that says more. */
export function ago(iso) {
  const minutes = Math.round((new Date(iso) - Date.now()) / 60000);
  if (minutes > -1) return t("history.now");
  if (minutes > -60) return relative.format(minutes, "minute");
  if (minutes > -60 * 24) return relative.format(Math.round(minutes / 60), "hour");
  return dates.format(new Date(iso));
}

/** A moment, as the language writes it. */
export const dated = (iso) => dates.format(new Date(iso));

/** This moment, as the language writes it. */
export const now = () => dates.format(new Date());

/** A time in seconds as people say it: 40 s, 3 min 20 s, 2 h 5 min. */
export function duration(seconds) {
  const minutes = Math.floor(Math.round(seconds) / 60);
  if (minutes === 0) return t("time.seconds", { s: Math.round(seconds) });
  if (minutes < 60) return t("time.minutes", { m: minutes, s: Math.round(seconds) % 60 });
  return t("time.hours", { h: Math.floor(minutes / 60), m: minutes % 60 });
}

const languages = new Intl.DisplayNames(language, { type: "language" });

/** The name of a language by its ISO 639-1 code; the code itself if it is none. */
export function languageName(code) {
  try {
    return languages.of(code);
  } catch {
    return code;
  }
}

/** A size in bytes as people read it: 512 B, 28 kB, 3.4 MB. */
export function bytes(size) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const step = size < 1000 ? 0 : Math.min(3, Math.floor(Math.log10(size) / 3));
  const digits = { maximumFractionDigits: step > 1 ? 1 : 0 };
  return new Intl.NumberFormat(language, { style: "unit", unit: units[step], unitDisplay: "short", ...digits })
    .format(size / 1000 ** step);
}

/** Fills the static page: `data-t` is the text of an element, `data-t-<attribute>` one of its attributes. */
export function translatePage(root = document) {
  document.documentElement.lang = language;
  for (const node of root.querySelectorAll("*")) {
    for (const { name, value } of [...node.attributes]) {
      if (name === "data-t") node.textContent = t(value);
      else if (name.startsWith("data-t-")) node.setAttribute(name.slice("data-t-".length), t(value));
    }
  }
}
