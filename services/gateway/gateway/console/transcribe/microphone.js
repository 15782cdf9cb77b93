/** The microphone as chunks of PCM. */

const SAMPLE_RATE = 16_000;
const LONGEST_CLOSE = 1000; // milliseconds
const WORKLET = new URL("./pcm-worklet.js", import.meta.url);

const REASONS = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "busy",
  AbortError: "busy",
};

/** Why there is no microphone: `reason` is insecure, unsupported, denied, missing, busy or failed. */
export class MicrophoneError extends Error {
  constructor(reason, cause = null) {
    super(cause?.message ?? reason, { cause });
    this.reason = reason;
  }
}

export class Microphone {
  #stream;
  #context;
  #recorder;
  #closed;

  /**
   * Asks the person for the microphone and records from then on: `onchunk(pcm, peak)` gets an `ArrayBuffer` of
   * 16-bit samples, one channel, and the highest level in it (0 to 1). `onlost()` is called when the microphone goes
   * away by itself. Call it from a click: some browsers make no sound otherwise. Raises `MicrophoneError`.
   */
  static async open({ onchunk, onlost }) {
    if (!window.isSecureContext) throw new MicrophoneError("insecure");
    if (!navigator.mediaDevices?.getUserMedia || !window.AudioWorkletNode) throw new MicrophoneError("unsupported");
    const microphone = new Microphone();
    try {
      await microphone.#open({ onchunk, onlost });
      return microphone;
    } catch (error) {
      microphone.#release();
      throw new MicrophoneError(REASONS[error.name] ?? "failed", error);
    }
  }

  /** In Hz. */
  get sampleRate() {
    return this.#context.sampleRate;
  }

  /** Stops recording; resolves once the last chunk was handed out. */
  async close() {
    this.#recorder.port.postMessage("stop");
    // An audio thread that the system has stopped (a telephone call) does not answer.
    await Promise.race([this.#closed, new Promise((late) => setTimeout(late, LONGEST_CLOSE))]);
    this.#release();
  }

  async #open({ onchunk, onlost }) {
    this.#context = new AudioContext({ sampleRate: SAMPLE_RATE });
    // Noise suppression is made for listeners; recognisers understand less of what it leaves.
    this.#stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, noiseSuppression: false } });
    const source = await this.#source();
    await this.#context.audioWorklet.addModule(WORKLET);
    this.#recorder = new AudioWorkletNode(this.#context, "pcm-recorder", {
      numberOfOutputs: 0,
      channelCount: 1,
      channelCountMode: "explicit",
    });
    this.#closed = new Promise((closed) => {
      this.#recorder.port.onmessage = ({ data: { pcm, peak, last } }) => {
        if (pcm.byteLength > 0) onchunk(pcm, peak);
        if (last) closed();
      };
    });
    this.#stream.getAudioTracks()[0].addEventListener("ended", onlost);
    source.connect(this.#recorder);
    await this.#context.resume();
  }

  async #source() {
    try {
      return this.#context.createMediaStreamSource(this.#stream);
    } catch (error) {
      if (error.name !== "NotSupportedError") throw error;
      // This browser does not resample a microphone; the server does.
      await this.#context.close();
      this.#context = new AudioContext();
      return this.#context.createMediaStreamSource(this.#stream);
    }
  }

  #release() {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    if (this.#context && this.#context.state !== "closed") this.#context.close();
  }
}
