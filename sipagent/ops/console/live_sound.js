// A call that lasts, heard in the browser: the API's samples, queued a moment ahead of what is played.

import { callPath, request } from "./api.js";

const RATE_HZ = 8_000;
const FRAME_BYTES = 4; // caller left, agent right, 16 bits each
const AHEAD_S = 0.2; // what the network may be late by
const MOST_AHEAD_S = 1; // more is skipped: a page in the background may have fallen behind

export class LiveSound {
  #callId;
  #changed;
  #ending;

  /** `changed(fault)` is called whenever it begins or ends; `fault` is an error, or undefined. */
  constructor(callId, changed) {
    this.#callId = callId;
    this.#changed = changed;
  }

  get isOn() {
    return this.#ending !== undefined;
  }

  stop() {
    this.#ending?.abort();
  }

  /** Play until it is stopped, or the call ends. */
  async play() {
    const ending = new AbortController();
    this.#ending = ending;
    const context = new AudioContext({ sampleRate: RATE_HZ });
    let fault;
    try {
      const response = await request(callPath(this.#callId, "audio"), { signal: ending.signal });
      this.#changed();
      await playAll(response.body.getReader(), context);
    } catch (error) {
      if (!ending.signal.aborted) fault = error;
    }
    this.#ending = undefined;
    context.close();
    this.#changed(fault);
  }
}

async function playAll(reader, context) {
  let rest = new Uint8Array(0);
  let at = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const bytes = new Uint8Array(rest.length + value.length);
    bytes.set(rest);
    bytes.set(value, rest.length);
    const frames = Math.floor(bytes.length / FRAME_BYTES);
    rest = bytes.slice(frames * FRAME_BYTES);
    if (frames === 0 || at > context.currentTime + MOST_AHEAD_S) continue;
    const source = new AudioBufferSourceNode(context, { buffer: bufferOf(bytes, frames) });
    source.connect(context.destination);
    if (at < context.currentTime) at = context.currentTime + AHEAD_S;
    source.start(at);
    at += frames / RATE_HZ;
  }
}

function bufferOf(bytes, frames) {
  const view = new DataView(bytes.buffer);
  const buffer = new AudioBuffer({ length: frames, numberOfChannels: 2, sampleRate: RATE_HZ });
  for (const side of [0, 1]) {
    const samples = buffer.getChannelData(side);
    for (let index = 0; index < frames; index += 1) {
      samples[index] = view.getInt16(index * FRAME_BYTES + side * 2, true) / 32_768;
    }
  }
  return buffer;
}
