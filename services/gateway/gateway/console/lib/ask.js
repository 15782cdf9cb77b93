/** Asks before something is gone for good. */

import { t } from "./i18n.js";

/** Resolves to whether the person wants it deleted. `words` are the question. */
export function sure(words) {
  const dialog = document.getElementById("sure-dialog");
  document.getElementById("sure-question").textContent = words;
  dialog.querySelector(".danger").textContent = t("sure.yes");
  dialog.returnValue = "keep";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "delete"), { once: true });
  });
}
