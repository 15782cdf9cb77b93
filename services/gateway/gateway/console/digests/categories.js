/** The categories of a bot: rows of a name and what belongs there. */

import { button, el } from "../lib/dom.js";
import { input } from "../lib/fields.js";
import { t } from "../lib/i18n.js";

/** `value()` is what is filled in; `first()` the first name's field. */
export function categoriesField(categories) {
  const rows = el("ul", { class: "category-rows" });
  const add = (category = { name: "", description: "" }) => rows.append(row(category));
  for (const category of categories) add(category);
  while (rows.children.length < 3) add();
  const more = button(t("editor.category.add"), "plus", () => {
    add();
    rows.lastChild.querySelector("input").focus();
  }, { class: "button small" });
  const element = el("fieldset", {}, el("legend", {}, t("editor.categories")), el("p", { class: "hint" }, t("editor.categories.hint")), rows, more);
  const value = () => [...rows.children].map((item) => item.read()).filter(({ name }) => name);
  return { element, value, first: () => rows.querySelector("input") };
}

function row(category) {
  const name = input(category.name, { maxlength: 100, dir: "auto", placeholder: t("editor.category.name"), "aria-label": t("editor.category.name") });
  const words = { placeholder: t("editor.category.description"), "aria-label": t("editor.category.description") };
  const description = input(category.description, { maxlength: 2000, dir: "auto", ...words });
  const item = el("li", {}, name, description);
  item.append(el("button", { type: "button", class: "button quiet small", "aria-label": t("editor.category.remove"), onclick: () => {
    const next = item.nextElementSibling ?? item.previousElementSibling;
    item.remove();
    next?.querySelector("input").focus();
  } }, "×"));
  // Keywords are for programs; what they gave is kept.
  item.read = () => ({ ...(category.keywords && { keywords: category.keywords }), name: name.value.trim(), description: description.value.trim() });
  return item;
}
