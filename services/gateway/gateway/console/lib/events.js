/**
 * News of jobs over one WebSocket. It opens with the first watched job, reconnects with growing pauses and resumes
 * after the last event seen, so every event of a job is told once and in order; it closes when nothing is watched.
 */

import { call } from "./api.js";
import { socketAddress } from "./socket.js";

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;
const TERMINAL = new Set(["completed", "failed", "cancelled", "expired"]);

export const isTerminal = (status) => TERMINAL.has(status);

export class JobEvents {
  #watched = new Map(); // job id → { onevent, after }
  #socket = null;
  #opening = false;
  #failures = 0;
  #timer = null;
  #onconnection;

  /** `onconnection(up)` is told when the connection is lost while jobs are watched, and when it is back. */
  constructor(onconnection) {
    this.#onconnection = onconnection;
    window.addEventListener("online", () => this.#retryNow());
    document.addEventListener("visibilitychange", () => document.hidden || this.#retryNow());
  }

  /** Tells `onevent` every event of a job, from the first on, up to and with the terminal one. */
  watch(jobId, onevent) {
    this.#watched.set(jobId, { onevent, after: null });
    if (this.#socket?.readyState === WebSocket.OPEN) this.#sendWatch(jobId);
    else this.#open();
  }

  /** Stops telling. */
  unwatch(jobId) {
    if (!this.#watched.delete(jobId)) return;
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify({ type: "unwatch", job_id: jobId }));
    if (this.#watched.size > 0) return;
    clearTimeout(this.#timer);
    this.#socket?.close(1000);
    this.#socket = null;
    this.#onconnection(true);
  }

  async #open() {
    if (this.#opening || this.#socket) return;
    this.#opening = true;
    try {
      const url = await socketAddress("v1/events");
      if (this.#watched.size > 0) this.#connect(url);
    } catch {
      this.#lost();
    } finally {
      this.#opening = false;
    }
  }

  #connect(url) {
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.onopen = () => {
      for (const jobId of this.#watched.keys()) this.#sendWatch(jobId);
      this.#onconnection(true);
    };
    socket.onmessage = (message) => this.#tell(JSON.parse(message.data));
    socket.onclose = () => {
      if (this.#socket !== socket) return; // closed by us
      this.#socket = null;
      this.#lost();
    };
  }

  #sendWatch(jobId) {
    const { after } = this.#watched.get(jobId);
    this.#socket.send(JSON.stringify({ type: "watch", job_id: jobId, after }));
  }

  #tell(message) {
    const watch = this.#watched.get(message.job_id);
    if (!watch) return;
    if (message.type === "event") {
      // A server that lets us in only to hang up must not be called again at once: news alone counts as success.
      this.#failures = 0;
      watch.after = message.id;
      if (isTerminal(message.event)) this.unwatch(message.job_id);
    }
    watch.onevent(message);
  }

  #lost() {
    this.#failures += 1;
    this.#onconnection(false);
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (this.#failures - 1));
    clearTimeout(this.#timer);
    // Some networks let requests through and no WebSocket: then the job itself tells how far it is.
    if (this.#failures > 1) for (const jobId of this.#watched.keys()) this.#poll(jobId);
    // The spread keeps the tabs of many people from coming back in the same instant.
    this.#timer = setTimeout(() => this.#open(), pause * (0.75 + Math.random() / 2));
  }

  async #poll(jobId) {
    const job = await call("GET", `v1/jobs/${jobId}`).catch(() => null);
    const watch = this.#watched.get(jobId);
    if (!job || !watch) return;
    if (isTerminal(job.status)) this.unwatch(jobId);
    if (isTerminal(job.status)) watch.onevent({ type: "event", event: job.status, data: {} });
    else if (job.progress) watch.onevent({ type: "event", event: "progress", data: job.progress });
  }

  #retryNow() {
    if (this.#watched.size === 0 || this.#socket) return;
    clearTimeout(this.#timer);
    this.#open();
  }
}
