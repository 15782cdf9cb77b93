/** A button that copies text and says so. */

import { button, el } from "./dom.js";
import { t } from "./i18n.js";

const TOLD_FOR = 2000;

/** `textOf()` is asked for the text when the button is used. */
export function copyButton(label, textOf, attributes) {
  const copy = button(label, "copy", async () => {
    copy.lastChild.textContent = t((await copyText(textOf())) ? "copied" : "copy.failed");
    setTimeout(() => (copy.lastChild.textContent = label), TOLD_FOR);
  }, attributes);
  return copy;
}

/** Copies `text`; resolves to whether it worked (plain http on another machine has no clipboard API). */
async function copyText(text) {
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(text).then(() => true, () => false);
  }
  const area = el("textarea", { class: "visually-hidden" });
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}
