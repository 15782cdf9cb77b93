/** The console: the frame around its pages, and which page and session the address names. */

import { AnalyzePage } from "./analyze/page.js";
import { translatePage, t } from "./lib/i18n.js";
import { forgetKey, hasKey } from "./lib/key.js";

const byId = (id) => document.getElementById(id);

/** Shows what `#/analyze/<session>` names; anything else is the start of a new analysis. */
function route(page) {
  const [, name, id] = location.hash.split("/");
  return page.open(name === "analyze" && id ? decodeURIComponent(id) : null);
}

function frame() {
  translatePage();
  const toggle = byId("history-toggle");
  const show = (open) => {
    document.body.classList.toggle("history-open", open);
    toggle.setAttribute("aria-expanded", String(open));
  };
  toggle.addEventListener("click", () => show(toggle.getAttribute("aria-expanded") !== "true"));
  byId("history").addEventListener("click", (event) => event.target.closest("a") && show(false));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && toggle.getAttribute("aria-expanded") === "true") {
      show(false);
      toggle.focus();
    }
  });

  byId("skip").addEventListener("click", (event) => {
    event.preventDefault();
    byId("question").focus();
  });

  byId("forget-key").addEventListener("click", forgetKey);
  const showKey = () => (byId("forget-key").hidden = !hasKey());
  document.body.addEventListener("warren:key", showKey);
  showKey();
}

frame();
const page = new AnalyzePage({
  onconnection: (up) => {
    byId("connection").textContent = up ? "" : t("connection.lost");
  },
});
window.addEventListener("hashchange", () => route(page));
route(page);
