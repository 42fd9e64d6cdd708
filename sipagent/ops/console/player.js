// The recording of a call: both sides drawn, played, and moved in by key, pointer or the timeline.
//
// It is fetched with the token in a header and played from memory: an address that an audio element
// could fetch by itself would need the token in it.

import { callPath, request } from "./api.js";
import { element } from "./dom.js";
import { visible } from "./json_text.js";
import { keyButton } from "./keys.js";
import { position } from "./words.js";
import { peaksOf } from "./wav.js";

const COLUMNS = 1_200;
const STEP_S = 5;
const BY_ITSELF_MS = 20 * 60_000; // a longer one is some hundred megabytes: only if it is wanted

export const playKeys = [["p", "play, pause"], ["←", "5 s back"], ["→", "5 s on"]];

export class Player {
  #callId;
  #offsetMs;
  #peaks;
  #marks;
  #url = "";
  #isGone = false;
  #loading;

  /** `offsetMs`: where in the call the recording begins; `marks`: moments of the call that stand out. */
  constructor(callId, recording, offsetMs, marks) {
    this.#callId = callId;
    this.#offsetMs = offsetMs;
    this.#marks = marks;
    this.audio = element("audio", { controls: "", preload: "auto", "aria-label": "Recording", hidden: "" });
    this.canvas = element("canvas", { class: "wave", "aria-hidden": "true", hidden: "" });
    this.load = keyButton("Load and play the recording", "p", {}, () => this.toggle());
    this.fault = element("p", { class: "outcome", role: "status" });
    this.root = element(
      "section", { class: "player", "aria-label": "Recording" },
      element("p", { class: "sides" }, element("span", { class: "caller" }, "caller"), element("span", { class: "agent" }, "agent")),
      this.canvas, this.audio, this.load, this.fault,
    );
    this.audio.addEventListener("timeupdate", () => this.#draw());
    this.audio.addEventListener("seeked", () => this.#draw());
    this.canvas.addEventListener("pointerdown", (event) => {
      const { left, width } = this.canvas.getBoundingClientRect();
      this.audio.currentTime = ((event.clientX - left) / width) * this.audio.duration;
    });
    this.resized = new ResizeObserver(() => this.#draw());
    this.resized.observe(this.canvas);
    this.scheme = matchMedia("(prefers-color-scheme: dark)");
    this.redraw = () => this.#draw();
    this.scheme.addEventListener("change", this.redraw);
    if (recording.duration_ms <= BY_ITSELF_MS) this.#open();
  }

  /** Let go of the recording. */
  close() {
    this.#isGone = true;
    this.resized.disconnect();
    this.scheme.removeEventListener("change", this.redraw);
    this.audio.pause();
    if (this.#url) URL.revokeObjectURL(this.#url);
  }

  /** Play, or pause. */
  async toggle() {
    await this.#open();
    if (!this.#url) return;
    if (this.audio.paused) await this.audio.play();
    else this.audio.pause();
  }

  /** Play from a moment of the call on. */
  async playFrom(atMs) {
    await this.#open();
    if (!this.#url) return;
    this.audio.currentTime = Math.max(0, (atMs - this.#offsetMs) / 1000);
    await this.audio.play();
  }

  /** Take a key; false: it is none of these. */
  onKey(key, event) {
    if (event.target === this.audio) return false; // has keys of its own
    if (key === "p") this.toggle();
    else if (key === "ArrowLeft") this.audio.currentTime = Math.max(0, this.audio.currentTime - STEP_S);
    else if (key === "ArrowRight") this.audio.currentTime += STEP_S;
    else return false;
    return true;
  }

  #open() {
    this.#loading ??= this.#fetch();
    return this.#loading;
  }

  async #fetch() {
    this.load.hidden = true;
    this.#tell("Loading the recording…");
    try {
      const response = await request(callPath(this.#callId, "recording"));
      const blob = await response.blob();
      this.#peaks = await peaksOf(blob, COLUMNS);
      if (this.#isGone) return;
      this.#url = URL.createObjectURL(new Blob([blob], { type: "audio/wav" }));
    } catch (error) {
      this.#tell(`No recording: ${visible(error.message)}`);
      return;
    }
    this.audio.src = this.#url;
    this.audio.hidden = false;
    this.canvas.hidden = this.#peaks === null;
    this.#tell("");
    this.#draw();
  }

  #tell(text) {
    this.fault.textContent = text;
  }

  #draw() {
    if (!this.#peaks || this.canvas.hidden) return;
    const { width, height } = this.canvas.getBoundingClientRect();
    const scale = devicePixelRatio;
    this.canvas.width = width * scale;
    this.canvas.height = height * scale;
    const paper = this.canvas.getContext("2d");
    paper.scale(scale, scale);
    const colour = (name) => getComputedStyle(this.canvas).getPropertyValue(name);
    const half = height / 2;
    this.#peaks.sides.forEach((peaks, side) => {
      paper.fillStyle = colour(side === 0 ? "--good" : "--accent");
      const middle = half * (side + 0.5);
      peaks.forEach((peak, column) => {
        const tall = Math.max(0.5, Math.sqrt(peak) * (half / 2 - 2)); // or quiet voices would be a line
        paper.fillRect((column / COLUMNS) * width, middle - tall, width / COLUMNS + 0.3, 2 * tall);
      });
    });
    const at = (ms) => (ms / this.#peaks.lengthMs) * width;
    paper.fillStyle = colour("--warn");
    for (const mark of this.#marks) paper.fillRect(at(mark - this.#offsetMs), 0, 1.5, height);
    paper.fillStyle = colour("--text");
    paper.fillRect(at(this.audio.currentTime * 1000) - 1, 0, 2, height);
    this.canvas.title = `${position(this.audio.currentTime * 1000)} of ${position(this.#peaks.lengthMs)}`;
  }
}
