/** Earlier dialogs, newest first, from the list of jobs: one entry for each session. */

import { call } from "../lib/api.js";
import { el } from "../lib/dom.js";
import { isTerminal } from "../lib/events.js";
import { ago, t } from "../lib/i18n.js";

const KIND = "analyzer.csv";
const PAGE = 50;

const byId = (id) => document.getElementById(id);

/** All analyses of one session, oldest first, as far as the server still keeps them. */
export async function jobsOf(sessionId) {
  const jobs = [];
  for (let after = null; ; ) {
    const page = await call("GET", "v1/jobs", { query: { kind: KIND, session_id: sessionId, limit: 100, after } });
    jobs.push(...page.data);
    if (!page.has_more) return jobs.reverse();
    after = page.last_id;
  }
}

export class History {
  #jobs = [];
  #current = null;

  constructor() {
    byId("history-more").addEventListener("click", () => this.#load(this.#jobs.at(-1)?.id));
  }

  /** Loads the newest page again. */
  refresh() {
    return this.#load(null);
  }

  /** Marks the session that is open. */
  mark(sessionId) {
    this.#current = sessionId;
    for (const link of byId("history-list").querySelectorAll("a")) this.#markLink(link);
  }

  async #load(after) {
    try {
      const page = await call("GET", "v1/jobs", { query: { kind: KIND, limit: PAGE, after } });
      this.#jobs = after ? [...this.#jobs, ...page.data] : page.data;
      byId("history-more").hidden = !page.has_more;
      this.#show();
    } catch {
      byId("history-note").textContent = t("history.failed");
    }
  }

  #show() {
    const sessions = bySession(this.#jobs);
    const focused = byId("history-list").contains(document.activeElement) && document.activeElement.dataset.session;
    byId("history-list").replaceChildren(...[...sessions].map(([id, jobs]) => this.#entry(id, jobs)));
    if (focused) byId("history-list").querySelector(`[data-session="${CSS.escape(focused)}"]`)?.focus();
    byId("history-note").textContent = sessions.size === 0 ? t("history.empty") : "";
  }

  #entry(id, jobs) {
    const [newest, oldest] = [jobs[0], jobs.at(-1)];
    const facts = [
      el("bdi", {}, newest.input?.file?.name ?? ""),
      jobs.length > 1 && t("history.questions", { n: jobs.length }),
      isTerminal(newest.status) ? ago(newest.created_at) : t("history.running"),
    ];
    const link = el("a", { href: `#/analyze/${encodeURIComponent(id)}` },
      el("span", { class: "history-question" }, oldest.input?.question ?? oldest.id),
      el("span", { class: "history-facts" }, facts.filter(Boolean).map((fact) => el("span", {}, fact))));
    link.dataset.session = id;
    this.#markLink(link);
    return el("li", {}, link);
  }

  #markLink(link) {
    if (link.dataset.session === this.#current) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

/** Map keeps the order of its keys: that of each session's newest job. */
function bySession(jobs) {
  const sessions = new Map();
  for (const job of jobs) {
    const id = job.session_id ?? job.id;
    sessions.set(id, [...(sessions.get(id) ?? []), job]);
  }
  return sessions;
}
