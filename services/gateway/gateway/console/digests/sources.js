/** Channels: feeds that are read, and posts that are brought. */

import { call, idempotencyKey, sendLines } from "../lib/api.js";
import { announce, button, el, icon } from "../lib/dom.js";
import { wordsFor } from "../lib/errors.js";
import { field, input } from "../lib/fields.js";
import { ago, t } from "../lib/i18n.js";
import { sure } from "../lib/ask.js";

/** `again()` is called when the channels have changed. */
export function sourcesView(channels, again) {
  const note = el("p", { class: "form-note", role: "status" });
  return el("section", { "aria-labelledby": "sources-title" },
    el("h2", { id: "sources-title" }, t("sources.title")),
    el("p", { class: "muted" }, t("sources.lead")),
    channels.length > 0 && el("ul", { class: "rows" }, channels.map((channel) => row(channel, note, again))),
    newChannel({ onmade: again }), note);
}

function row(channel, note, again) {
  const chosen = el("input", { type: "file", class: "visually-hidden", tabindex: -1, "aria-hidden": "true", accept: ".jsonl,.ndjson,.json,.txt" });
  chosen.addEventListener("change", () => bring(channel, chosen, note, again));
  const remove = async () => {
    if (!(await sure(t("sources.delete.ask", { name: channel.name })))) return;
    await said(note, call("DELETE", `v1/channels/${encodeURIComponent(channel.id)}`), again);
  };
  const facts = [t("sources.posts", { n: channel.posts }), channel.polled_at && t("sources.polled", { when: ago(channel.polled_at) })];
  return el("li", {},
    el("div", { class: "row-words" }, el("strong", { dir: "auto" }, channel.name),
      channel.url && el("span", { class: "muted small" }, channel.url),
      el("span", { class: "muted small" }, facts.filter(Boolean).join(" · ")),
      channel.error && el("span", { class: "field-error small" }, channel.error)),
    channel.url
      ? button(t("sources.poll"), "retry", () => said(note, poll(channel), again), { class: "button small" })
      : button(t("sources.bring"), "upload", () => chosen.click(), { class: "button small" }),
    chosen, button(t("sources.delete"), "trash", remove, { class: "button quiet small", "aria-label": t("sources.delete.of", { name: channel.name }) }));
}

async function poll(channel) {
  const options = { json: { force: true }, key: idempotencyKey() };
  const job = await call("POST", `v1/channels/${encodeURIComponent(channel.id)}/polls`, options);
  return job && t("sources.polling");
}

async function bring(channel, chosen, note, again) {
  const [file] = chosen.files;
  chosen.value = "";
  if (!file) return;
  note.textContent = t("sources.bringing", { name: file.name });
  const told = sendLines(`v1/posts?channel_id=${encodeURIComponent(channel.id)}`, file).then((report) => {
    const wrong = report.results.find((one) => one.status === "rejected");
    const words = t("sources.brought", { added: report.added, duplicates: report.duplicates, rejected: report.rejected });
    return wrong ? `${words} ${t("sources.line", { line: wrong.line })} ${wrong.message}` : words;
  });
  await said(note, told, again);
}

/** Shows what comes of `work`: its words, or why it did not work. */
async function said(note, work, again) {
  try {
    const words = await work;
    await again();
    if (words) announce(words);
    const shown = document.querySelector("#digests .form-note");
    if (shown && words) shown.textContent = words;
  } catch (error) {
    note.textContent = wordsFor(error);
  }
}

/** A form for a channel; `onmade(channel)` is called with it. */
export function newChannel({ onmade }) {
  const name = input("", { maxlength: 200, required: true });
  const url = input("", { type: "url", maxlength: 2000, placeholder: "https://", spellcheck: false });
  const problem = el("p", { class: "field-error", role: "alert" });
  let key = idempotencyKey();
  const make = async () => {
    problem.textContent = "";
    if (!name.value.trim()) {
      problem.textContent = t("sources.name.needed");
      return name.focus();
    }
    try {
      const json = { name: name.value.trim(), url: url.value.trim() };
      const channel = await call("POST", "v1/channels", { json, key });
      name.value = url.value = "";
      onmade(channel);
    } catch (error) {
      problem.textContent = wordsFor(error);
    }
    key = idempotencyKey();
    return undefined;
  };
  const onkeydown = (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault(); // it may stand within the form of a bot
    make();
  };
  return el("details", { class: "disclosure new-channel" },
    el("summary", {}, icon("plus"), t("sources.new")),
    el("div", { class: "inline-form", onkeydown },
      field(t("sources.name"), name), field(t("sources.url"), url, t("sources.url.hint")),
      button(t("sources.add"), "plus", make), problem));
}
