/** Fields of forms, each with its label and a word of explanation. */

import { el } from "./dom.js";

let made = 0;

/** A labelled control. `hint` explains it. */
export function field(label, control, hint = null) {
  control.id ||= `field-${++made}`;
  const note = hint && el("p", { class: "hint", id: `${control.id}-hint` }, hint);
  if (note) control.setAttribute("aria-describedby", note.id);
  return el("div", { class: "field" }, el("label", { for: control.id }, label), control, note);
}

export const input = (value, attributes = {}) => {
  const made = el("input", { type: "text", autocomplete: "off", ...attributes });
  made.value = value;
  return made;
};

export const area = (value, attributes = {}) => {
  const made = el("textarea", { rows: 4, dir: "auto", ...attributes });
  made.value = value;
  return made;
};

/** `choices`: [value, words] each. */
export const select = (value, choices) => {
  const made = el("select", {}, choices.map(([each, words]) => el("option", { value: each }, words)));
  made.value = value;
  return made;
};

/** A box to tick, with its words beside it. */
export function tick(words, checked, attributes = {}) {
  const box = el("input", { type: "checkbox", checked, ...attributes });
  return { box, element: el("label", { class: "tick" }, box, el("span", { dir: "auto" }, words)) };
}
