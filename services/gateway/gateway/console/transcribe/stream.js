/**
 * A live stream: PCM out, words in, over `WS /v1/audio/stream`. Chunks are kept until the server acknowledges them;
 * a lost connection is resumed with the stream's token and sends again what was not acknowledged. A stream that cannot
 * be resumed is followed by a new one, whose times go on where the old one's audio ends: the person sees one recording.
 */

import { call } from "../lib/api.js";
import { askForKey } from "../lib/key.js";
import { socketAddress } from "../lib/socket.js";

const PATH = "v1/audio/stream";
const BYTES_PER_SAMPLE = 2;
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 5000; // a stream that hears nothing for 30 s ends
const IN_FLIGHT = 50; // chunks sent ahead of their acknowledgement: a backlog of minutes must not come as one burst
const LONGEST_BACKLOG = 300; // seconds of audio kept while there is no connection
const SILENT_MS = 20_000; // without a word from the server, though it owes an acknowledgement
const SILENT_END_MS = 90_000; // and when it owes only the last words
const CRASHED = 1011;
const NO_KEY = 4401;
const IDLE = 4408;
const TOO_MANY = 4429;
const OVERLOADED = 1013;
const REFUSED = new Set([1003, 1007, 1008, 1009, 4400]);

export class LiveStream {
  #handlers;
  #bytesPerSecond;
  #socket = null;
  #opening = false;
  #timer = null;
  #watchdog;
  #failures = 0;
  #heard = 0; // when the server last said something
  #everReady = false;
  #ready = false; // on this connection
  #token = null;
  #error = null; // the server's last
  #chunks = []; // not acknowledged, oldest first
  #sent = 0; // how many of them went out on this connection
  #seq = 0; // of the last acknowledged chunk of this stream
  #acknowledged = 0; // seconds of audio, of this stream
  #offset = 0; // seconds of audio in the streams before it
  #finals = 0; // number of the last final of this stream
  #told = 0; // where it ends
  #finishing = false;
  #endSent = false;
  #over = false;

  /**
   * `sampleRate` in Hz. Handlers: `onconnection(up)`, `onlag(seconds)`, `onspeech(speaking)`, `ontranscript(transcript)`
   * with times in seconds from the start of the recording, `onerror({code, message})` for what the stream survives, and
   * `onend(reason, detail)` once: reason is null after `finish`, else full, many, key, network, unopened, refused or lost.
   */
  constructor({ sampleRate, ...handlers }) {
    this.#bytesPerSecond = sampleRate * BYTES_PER_SAMPLE;
    this.#handlers = handlers;
    this.#watchdog = setInterval(() => this.#checkSilence(), 1000);
    window.addEventListener("online", this.#retryNow);
    document.addEventListener("visibilitychange", this.#retryNow);
    this.#open();
  }

  /** Sends a chunk of PCM, as soon as there is a connection. */
  send(pcm) {
    if (this.#over) return;
    this.#chunks.push(pcm);
    this.#tellLag(0);
    if (this.#seconds(this.#chunks) > LONGEST_BACKLOG) this.#end("lost");
    else this.#pump();
  }

  /** No more audio comes: waits for the last words, then ends. */
  finish() {
    this.#finishing = true;
    this.#pump();
  }

  /** Ends at once, without the words that are still missing. */
  abandon() {
    this.#end(null);
  }

  async #open() {
    if (this.#opening || this.#socket || this.#over) return;
    this.#opening = true;
    try {
      const resume = this.#token && { resume: this.#token, after_seq: this.#seq, after_transcript: this.#finals };
      const format = { encoding: "linear16", sample_rate: this.#bytesPerSecond / BYTES_PER_SAMPLE, interim: true };
      const url = await socketAddress(PATH, resume ?? format);
      if (!this.#over) this.#connect(url);
    } catch {
      this.#lost();
    } finally {
      this.#opening = false;
    }
  }

  #connect(url) {
    const socket = new WebSocket(url);
    this.#socket = socket;
    this.#heard = Date.now();
    socket.onmessage = (message) => this.#socket === socket && this.#obey(JSON.parse(message.data));
    socket.onclose = (event) => this.#socket === socket && this.#closed(event);
  }

  #obey(message) {
    this.#heard = Date.now();
    switch (message.type) {
      case "ready": return this.#begin(message);
      case "ack": return this.#acknowledge(message);
      case "transcript": return this.#tell(message);
      case "speech_started": return this.#handlers.onspeech(true);
      case "utterance_end": return this.#handlers.onspeech(false);
      case "error":
        this.#error = message;
        return this.#ready && this.#handlers.onerror(message); // else the close that follows says it
      case "done": return this.#done();
      default: return undefined;
    }
  }

  #begin({ resume_token: token }) {
    this.#token = token ?? this.#token;
    this.#everReady = true;
    this.#ready = true;
    this.#handlers.onconnection(true);
    this.#pump();
  }

  #pump() {
    if (!this.#ready) return;
    while (this.#sent < Math.min(IN_FLIGHT, this.#chunks.length)) {
      this.#socket.send(this.#chunks[this.#sent]);
      this.#sent += 1;
    }
    if (!this.#finishing || this.#endSent || this.#sent < this.#chunks.length) return;
    this.#socket.send(JSON.stringify({ type: "end" }));
    this.#endSent = true;
  }

  #acknowledge({ seq, lag_ms: lag }) {
    // A stream that was resumed may acknowledge again what it has had before.
    const gone = this.#chunks.splice(0, Math.max(0, seq - this.#seq));
    this.#failures = 0; // a server that lets us in only to hang up must not be called again at once
    this.#sent = Math.max(0, this.#sent - gone.length);
    this.#seq += gone.length;
    this.#acknowledged += this.#seconds(gone);
    this.#tellLag(lag / 1000);
    this.#pump();
  }

  #tell(transcript) {
    const [start, end] = [transcript.start + this.#offset, transcript.end + this.#offset];
    if (end <= this.#told) return; // told before the connection was lost
    if (transcript.final) [this.#finals, this.#told] = [transcript.seq, end];
    this.#handlers.ontranscript({ ...transcript, start, end });
  }

  #done() {
    if (this.#finishing && this.#chunks.length === 0) return this.#end(null);
    // Its time was up, not ours: it was away for too long, or has lasted as long as a stream may.
    return this.#renew();
  }

  #closed({ code, reason }) {
    if (code === NO_KEY) return this.#wantKey();
    if (this.#endedMeanwhile(code)) return this.#renew();
    if (REFUSED.has(code)) return this.#end("refused", reason || this.#error?.message || "");
    if (this.#everReady) return this.#lost();
    if (code === OVERLOADED) return this.#end("full");
    if (code === TOO_MANY) return this.#end("many");
    return this.#explain();
  }

  /** Whether the close of a connection says that there is nothing to come back to, though the recording goes on. */
  #endedMeanwhile(code) {
    if (!this.#token) return false;
    if (!this.#ready) return code >= 4000 && code !== TOO_MANY;
    // A failed job is told again to each who comes back to it.
    return code === IDLE || (code === CRASHED && this.#failures > 0);
  }

  /** A browser does not tell why a connection was not opened; whether the server is there at all can be asked. */
  async #explain() {
    const reachable = await call("GET", "v1/jobs", { query: { limit: 1 } }).then(() => true, (error) => error.status > 0);
    this.#end(reachable ? "unopened" : "network");
  }

  async #wantKey() {
    this.#drop();
    if (await askForKey(true)) this.#open();
    else this.#end("key");
  }

  #renew() {
    if (this.#finishing && this.#chunks.length === 0) return this.#end(null);
    this.#offset += this.#acknowledged;
    this.#token = null;
    this.#seq = 0;
    this.#finals = 0;
    this.#acknowledged = 0;
    return this.#lost();
  }

  #lost() {
    this.#drop();
    if (this.#over) return;
    this.#failures += 1;
    this.#handlers.onconnection(false);
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (this.#failures - 1));
    clearTimeout(this.#timer);
    // The spread keeps the microphones of many people from coming back in the same instant.
    this.#timer = setTimeout(() => this.#open(), pause * (0.75 + Math.random() / 2));
  }

  #retryNow = () => {
    if (this.#socket || this.#over || document.hidden || !this.#everReady) return;
    clearTimeout(this.#timer);
    this.#open();
  };

  /** A phone that changes networks keeps a socket on which nothing ever comes. */
  #checkSilence() {
    const patience = this.#sent > 0 || !this.#ready ? SILENT_MS : SILENT_END_MS;
    const owes = this.#sent > 0 || !this.#ready || this.#finishing;
    if (!this.#socket || !owes || Date.now() - this.#heard < patience) return;
    if (this.#everReady) this.#lost();
    else this.#explain();
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    this.#ready = false;
    this.#endSent = false;
    this.#sent = 0;
    socket?.close(1000);
  }

  #end(reason, detail = "") {
    if (this.#over) return;
    this.#over = true;
    this.#drop();
    clearTimeout(this.#timer);
    clearInterval(this.#watchdog);
    window.removeEventListener("online", this.#retryNow);
    document.removeEventListener("visibilitychange", this.#retryNow);
    this.#handlers.onend(reason, detail);
  }

  #tellLag(atServer) {
    this.#handlers.onlag(atServer + this.#seconds(this.#chunks));
  }

  #seconds(chunks) {
    return chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0) / this.#bytesPerSecond;
  }
}
