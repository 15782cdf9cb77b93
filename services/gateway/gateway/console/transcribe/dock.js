/** The controls: start, stop, the level, the time, the lag, and a line on how it goes. */

import { t } from "../lib/i18n.js";
import { Meter } from "./meter.js";
import { clock } from "./transcript.js";

const byId = (id) => document.getElementById(id);

export class Dock {
  #meter = new Meter();
  #mode = "idle";

  constructor({ onrecord, onstop, onchoose }) {
    byId("meter").append(this.#meter.element);
    byId("record").addEventListener("click", () => this.#mode === "idle" && onrecord());
    byId("stop").addEventListener("click", onstop);
    byId("choose-recording").addEventListener("click", onchoose);
  }

  /** `mode`: idle, asking (for the microphone), recording, or finishing (the last words are on their way). */
  set mode(mode) {
    const hadFocus = byId("dock").contains(document.activeElement);
    this.#mode = mode;
    const running = mode === "recording" || mode === "finishing";
    byId("dock-idle").hidden = running;
    byId("dock-running").hidden = !running;
    byId("record").setAttribute("aria-disabled", String(mode !== "idle"));
    byId("stop-label").textContent = t(mode === "finishing" ? "mic.abandon" : "mic.stop");
    byId("meter").hidden = mode !== "recording";
    document.body.classList.toggle("recording", mode === "recording");
    if (mode === "recording") this.#meter.clear();
    if (mode === "idle") this.speaking = false;
    if (hadFocus) byId(running ? "stop" : "record").focus();
  }

  /** Shows a chunk: its highest level, and how many seconds are recorded. */
  heard(peak, seconds) {
    this.#meter.show(peak);
    byId("recorded").textContent = clock(seconds);
  }

  /** How many seconds the words are behind the voice. */
  set lag(seconds) {
    byId("lag").textContent = t("mic.lag", { n: seconds.toFixed(1) });
  }

  set speaking(speaking) {
    byId("dock").classList.toggle("speaking", speaking);
  }

  /** A line below the controls, also read out. */
  say(words) {
    if (byId("dock-note").textContent !== words) byId("dock-note").textContent = words;
  }

  /** Something that keeps the person from going on; empty takes it away. */
  complain(words) {
    byId("dock-problem").hidden = !words;
    byId("dock-problem-words").textContent = words;
  }
}
