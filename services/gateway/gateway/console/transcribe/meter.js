/** The level of the microphone over the last seconds, as bars; by its value also for who does not see it. */

import { el } from "../lib/dom.js";
import { t } from "../lib/i18n.js";

const FLOOR_DB = -50;
const BAR = 3; // pixels, as the gap
const GAP = 2;

export class Meter {
  #levels = [];
  #canvas = el("canvas", {});

  constructor() {
    this.element = el("div", { class: "meter", role: "meter", "aria-label": t("mic.level"), "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": 0 }, this.#canvas);
  }

  /** Shows another chunk, whose highest level is `peak` (0 to 1). */
  show(peak) {
    const level = peak > 0 ? Math.max(0, 1 - (20 * Math.log10(peak)) / FLOOR_DB) : 0;
    this.element.setAttribute("aria-valuenow", String(Math.round(level * 100)));
    this.#levels.push(level);
    this.#draw();
  }

  /** Begins anew. */
  clear() {
    this.#levels = [];
    this.#draw();
  }

  #draw() {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const scale = window.devicePixelRatio;
    Object.assign(this.#canvas, { width: width * scale, height: height * scale });
    const context = this.#canvas.getContext("2d");
    context.scale(scale, scale);
    context.fillStyle = getComputedStyle(this.element).color;
    this.#levels.splice(0, this.#levels.length - Math.ceil(width / (BAR + GAP)));
    this.#levels.toReversed().forEach((level, n) => {
      const tall = Math.max(2, level * height);
      context.beginPath();
      context.roundRect(width - BAR - n * (BAR + GAP), (height - tall) / 2, BAR, tall, BAR / 2);
      context.fill();
    });
  }
}
