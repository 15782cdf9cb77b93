/** One recording: the microphone, the stream, and the words that come back. */

import { announce, el } from "../lib/dom.js";
import { now, t } from "../lib/i18n.js";
import { Microphone, MicrophoneError } from "./microphone.js";
import { LiveStream } from "./stream.js";
import { TranscriptView } from "./transcript.js";

const SILENT = 0.001; // -60 dB: what a muted microphone gives
const SILENT_CHUNKS = 50;

export class Recording {
  #dock;
  #view = new TranscriptView({ title: t("speech.title", { when: now() }) });
  #microphone = null;
  #stream = null;
  #early = []; // recorded before there was a stream to send it to
  #recorded = 0; // seconds
  #silent = 0; // chunks in a row
  #up = true;
  #stopping = false;
  #over = false;
  #wakeLock = null;

  /** `onshow(element)` gets the transcript once there is a microphone; `onend()` is called when all is over. */
  constructor({ dock, onshow, onend }) {
    this.#dock = dock;
    Object.assign(this, { onshow, onend });
  }

  /** Asks for the microphone and begins. */
  async start() {
    this.#dock.mode = "asking";
    this.#dock.complain("");
    this.#dock.say(t("mic.asking"));
    try {
      this.#microphone = await Microphone.open({ onchunk: (pcm, peak) => this.#take(pcm, peak), onlost: () => this.stop(t("mic.gone")) });
    } catch (error) {
      if (!(error instanceof MicrophoneError)) throw error;
      this.#leave();
      this.#dock.complain(t(`microphone.${error.reason}`));
      return;
    }
    this.onshow(this.#view.element);
    this.#dock.mode = "recording";
    this.#dock.lag = 0;
    this.#say();
    this.#listen();
  }

  /** Stops the microphone and waits for the last words; a second time does not wait for them. `words` say why. */
  async stop(words = "") {
    if (this.#stopping) return this.#stream.abandon();
    this.#stopping = true;
    await this.#microphone.close();
    if (this.#over) return undefined;
    this.#dock.mode = "finishing";
    if (words) this.#dock.complain(words);
    this.#say();
    return this.#stream.finish();
  }

  #listen() {
    this.#stream = new LiveStream({
      sampleRate: this.#microphone.sampleRate,
      onconnection: (up) => {
        this.#up = up;
        if (!this.#stopping) this.#dock.complain("");
        this.#say();
      },
      onlag: (seconds) => (this.#dock.lag = seconds),
      onspeech: (speaking) => (this.#dock.speaking = speaking),
      ontranscript: (transcript) => (transcript.final ? this.#view.add(transcript) : this.#view.guess(transcript)),
      onerror: ({ message }) => this.#dock.complain(message),
      onend: (reason, detail) => this.#end(reason, detail),
    });
    for (const pcm of this.#early.splice(0)) this.#stream.send(pcm);
    this.#keepAwake();
    document.addEventListener("visibilitychange", this.#keepAwake);
    window.addEventListener("beforeunload", this.#askBeforeLeaving);
  }

  #take(pcm, peak) {
    const rate = this.#microphone?.sampleRate;
    if (this.#stream) this.#stream.send(pcm);
    else this.#early.push(pcm);
    if (!rate) return;
    this.#recorded += pcm.byteLength / 2 / rate;
    this.#dock.heard(peak, this.#recorded);
    this.#silent = peak < SILENT ? this.#silent + 1 : 0;
    this.#say();
  }

  #say() {
    const silent = this.#silent >= SILENT_CHUNKS;
    this.#dock.say(t(!this.#up ? "live.reconnecting" : this.#stopping ? "live.finishing" : silent ? "mic.silent" : "live.listening"));
  }

  async #end(reason, detail) {
    this.#over = true;
    document.removeEventListener("visibilitychange", this.#keepAwake);
    window.removeEventListener("beforeunload", this.#askBeforeLeaving);
    this.#wakeLock?.release();
    if (!this.#stopping) await this.#microphone.close();
    const words = reason ? `${t(`ended.${reason}`)} ${detail}`.trim() : "";
    if (words) this.#dock.complain(words);
    if (words && this.#view.empty) this.#view.element.remove();
    else this.#view.end(...(words ? [el("p", { class: "notice" }, t("live.kept"))] : []));
    this.#leave();
    if (!words) announce(t("live.done"));
  }

  #leave() {
    this.#dock.mode = "idle";
    this.#dock.say("");
    this.onend();
  }

  /** A phone that goes to sleep stops recording. Not every browser can be asked; then it sleeps. */
  #keepAwake = async () => {
    if (document.hidden) return;
    this.#wakeLock = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
  };

  #askBeforeLeaving = (event) => event.preventDefault();
}
