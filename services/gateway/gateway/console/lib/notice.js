/** A box that says what did not work. */

import { el, icon } from "./dom.js";
import { t } from "./i18n.js";

/** `words` for the person; `code` is the error's, or null. It is read out at once. */
export function errorNotice(words, code = null) {
  return el("div", { class: "notice bad", role: "alert" }, icon("alert"),
    el("div", {}, el("p", { class: "notice-title" }, t("turn.failed")), el("p", {}, words), code && el("p", { class: "muted small" }, t("error.code", { code }))));
}
