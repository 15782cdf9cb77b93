/** The console: the frame around its pages, and which page and what of it the address names. */

import { AnalyzePage } from "./analyze/page.js";
import { ChatPage } from "./chat/page.js";
import { DigestsPage } from "./digests/page.js";
import { JobEvents } from "./lib/events.js";
import { translatePage, t } from "./lib/i18n.js";
import { forgetKey, hasKey } from "./lib/key.js";
import { TextsPage } from "./texts/page.js";
import { TranscribePage } from "./transcribe/page.js";

// Where the skip link leads, and what it says.
const FIRST_STOP = { analyze: "question", transcribe: "record", digests: "digests", chat: "message", texts: "words" };
const SKIP = { analyze: "skip", transcribe: "skip.record", digests: "skip.content", chat: "skip.message", texts: "skip.words" };

const byId = (id) => document.getElementById(id);

let shown = { name: null, id: null };

/** Shows what `#/<page>/<id>?<query>` names; anything else is the start of a new analysis. */
function route(pages, left = null) {
  const [path, query = ""] = location.hash.split("?", 2);
  const [, name, id = null] = path.split("/");
  const next = { name: name in pages ? name : "analyze", id: id && decodeURIComponent(id) };
  const turned = next.name !== shown.name;
  if (turned) turnTo(next.name, shown.name, left);
  shown = next;
  return pages[next.name].open(next.id, turned, new URLSearchParams(query));
}

function turnTo(name, before, left) {
  for (const page of Object.keys(FIRST_STOP)) {
    byId(page).hidden = page !== name;
    if (page === name) byId(`nav-${page}`).setAttribute("aria-current", "page");
    else byId(`nav-${page}`).removeAttribute("aria-current");
  }
  document.body.dataset.page = name;
  byId("skip").textContent = t(SKIP[name]);
  // A page one comes back to is as it was left; from itself, its link leads to its start.
  byId(`nav-${name}`).href = `#/${name}`;
  byId(`nav-${name}`).scrollIntoView({ block: "nearest", inline: "nearest" }); // on a phone they may not all fit
  if (before) byId(`nav-${before}`).href = left || `#/${before}`;
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
    byId(FIRST_STOP[shown.name]).focus();
  });

  byId("forget-key").addEventListener("click", forgetKey);
  const showKey = () => (byId("forget-key").hidden = !hasKey());
  document.body.addEventListener("warren:key", showKey);
  showKey();
}

frame();
const events = new JobEvents((up) => (byId("connection").textContent = up ? "" : t("connection.lost")));
const pages = {
  analyze: new AnalyzePage({ events }),
  transcribe: new TranscribePage({ events }),
  digests: new DigestsPage({ events }),
  chat: new ChatPage(),
  texts: new TextsPage({ events }),
};
window.addEventListener("hashchange", (event) => route(pages, new URL(event.oldURL).hash));
route(pages);
