/** Runs in the audio thread: hands out 16-bit PCM, one channel, in chunks of 100 ms, each with its peak (0 to 1). */

const CHUNK_SECONDS = 0.1;

class PcmRecorder extends AudioWorkletProcessor {
  #chunk = new Int16Array(Math.round(sampleRate * CHUNK_SECONDS));
  #filled = 0;
  #peak = 0;
  #stopped = false;

  constructor() {
    super();
    // Any message means: stop. What is recorded so far is handed out first.
    this.port.onmessage = () => {
      this.#stopped = true;
      this.#handOut({ last: true });
    };
  }

  process([[samples = []]]) {
    for (const sample of this.#stopped ? [] : samples) {
      const value = Math.max(-1, Math.min(1, sample));
      this.#peak = Math.max(this.#peak, Math.abs(value));
      this.#chunk[this.#filled++] = value < 0 ? value * 0x8000 : value * 0x7fff;
      if (this.#filled === this.#chunk.length) this.#handOut({ last: false });
    }
    return !this.#stopped;
  }

  #handOut({ last }) {
    const pcm = this.#chunk.slice(0, this.#filled).buffer;
    this.port.postMessage({ pcm, peak: this.#peak, last }, [pcm]);
    this.#filled = 0;
    this.#peak = 0;
  }
}

registerProcessor("pcm-recorder", PcmRecorder);
