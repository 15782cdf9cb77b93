/** How far a job is: the stage in words (read out), the attempt, a bar, the seconds, and a way to stop it. */

import { announce, button, el } from "./dom.js";
import { has, t } from "./i18n.js";

export class ProgressView {
  #attempt = el("span", { class: "tag", hidden: true });
  #stage = el("span", {});
  #bar = el("progress", { max: 100 });
  #elapsed = el("span", { class: "elapsed muted", "aria-hidden": "true" });
  #cancel;
  #sending;
  #stopping = false;
  #clock;

  /** `since`: when it was asked for; `label` names the bar; `sending` are the words while the job is not accepted yet.
   * `oncancel()` is called once. */
  constructor({ since, label, sending, oncancel }) {
    this.#sending = sending;
    this.#stage.textContent = sending;
    this.#bar.setAttribute("aria-label", label);
    this.#cancel = button(t("turn.cancel"), "stop", () => {
      if (this.#stopping) return;
      this.#stopping = true;
      this.#cancel.setAttribute("aria-disabled", "true"); // `disabled` would take the focus away
      oncancel();
    }, { class: "button small" });
    const stage = el("p", { class: "stage" }, this.#attempt, this.#stage);
    this.element = el("div", { class: "progress" }, el("div", { class: "progress-head" }, stage, this.#elapsed, this.#cancel), this.#bar);
    const tick = () => (this.#elapsed.textContent = t("progress.seconds", { n: Math.max(0, Math.floor((Date.now() - since) / 1000)) }));
    tick();
    this.#clock = setInterval(tick, 1000);
  }

  /** Follows the upload: `fraction` from 0 to 1. */
  uploading(fraction) {
    if (fraction >= 1) this.say(this.#sending, null);
    else this.#show(t("progress.uploading", { percent: Math.floor(fraction * 100) }), fraction * 100);
  }

  /** Shows an event of the job. */
  event(name, data) {
    if (this.#stopping) return; // the person wants to see that it stops
    if (name === "progress") this.#progress(data);
    else if (name === "retrying") this.say(t("progress.retrying", { message: data.message ?? "" }), null);
    else if (has(`progress.${name}`)) this.say(t(`progress.${name}`), null);
  }

  /** Shows `words` that change so often that they are not read out. */
  tell(words, percent) {
    if (!this.#stopping) this.#show(words, percent);
  }

  stopping() {
    this.say(t("progress.stopping"), null);
  }

  /** It could not be stopped, for the reason in `words`; stopping can be tried again. */
  notStopped(words) {
    this.#stopping = false;
    this.#cancel.removeAttribute("aria-disabled");
    this.say(words, null);
  }

  /** Shows `words` and has them read out; the bar stands at `percent`, or only moves for null. */
  say(words, percent) {
    this.#show(words, percent);
    announce(this.#attempt.hidden ? words : `${this.#attempt.textContent}: ${words}`);
  }

  #show(words, percent) {
    this.#stage.textContent = words;
    if (percent === null) this.#bar.removeAttribute("value");
    else this.#bar.value = percent;
    document.title = `${words} · ${t("title")}`;
  }

  /** Ends the clock. */
  stop() {
    clearInterval(this.#clock);
    document.title = t("title");
  }

  #progress({ stage, message, percent, attempt, of }) {
    this.#attempt.hidden = !attempt;
    if (attempt) this.#attempt.textContent = t("progress.attempt", { attempt, of });
    this.say(has(`progress.${stage}`) ? t(`progress.${stage}`) : message, percent ?? null);
  }
}
