// What a person on duty may have done on a call that lasts: fields and buttons, each with its key.

import { callPath, post, read } from "./api.js";
import { announce, element } from "./dom.js";
import { keyButton } from "./keys.js";
import { visible } from "./json_text.js";
import { LiveSound } from "./live_sound.js";

const LIMIT_MS = 10_000;
const SURE_MS = 5_000;
const MAX_CHARS = "1000";

export const actKeys = [
  ["w", "whisper"], ["s", "say"], ["m", "mute caller"], ["n", "mute agent"], ["h", "hand over"], ["t", "transfer"],
  ["l", "listen"], ["f", "flag"], ["x", "hang up"], ["Esc", "leave a field"],
];

export class Acts {
  #callId;
  #call;
  #isSureUntil = 0;

  constructor(callId) {
    this.#callId = callId;
    this.outcome = element("p", { class: "outcome", role: "status" });
    this.agents = element("datalist", { id: "agents-of-plan" });
    this.targets = element("datalist", { id: "targets-of-plan" });
    this.fields = {
      w: this.#field("w", "Whisper", "Only the agent gets it", (text) => this.#do("whisper", { text }, "Whispered")),
      s: this.#field("s", "Say", "The caller hears just this", (text) => this.#do("say", { text }, "Being said")),
      h: this.#field("h", "Hand over", "Persona", (agent) => this.#do("handover", { agent }, "Handed over"), { list: "agents-of-plan" }),
      t: this.#field("t", "Transfer", "Target, or sip:…", (to) => this.#transfer(to), { list: "targets-of-plan" }),
    };
    this.buttons = {
      m: keyButton("Mute caller", "m", { "aria-pressed": "false" }, () => this.#mute("inbound")),
      n: keyButton("Mute agent", "n", { "aria-pressed": "false" }, () => this.#mute("outbound")),
      l: keyButton("Listen", "l", { "aria-pressed": "false" }, () => this.#listen()),
      f: keyButton("Flag", "f", {}, () => this.#do("flag", {}, "Flagged: its flight record is saved")),
      x: keyButton("Hang up", "x", { class: "reject" }, () => this.#hangUp()),
    };
    this.sure = this.buttons.x.firstChild;
    this.sound = new LiveSound(callId, (fault) => this.#heard(fault));
    this.root = element(
      "section", { class: "acts", "aria-label": "What to do" },
      ...Object.values(this.fields).map((each) => each.form),
      element("div", { class: "buttons" }, ...Object.values(this.buttons)),
      this.outcome, this.agents, this.targets,
    );
  }

  /** Show which can be done now. */
  show(call) {
    this.#call = call;
    const isOver = call.state === "ended";
    this.root.hidden = isOver;
    this.buttons.l.disabled = call.attached;
    for (const [key, direction] of [["m", "inbound"], ["n", "outbound"]]) {
      this.buttons[key].disabled = call.attached; // its audio is elsewhere
      this.buttons[key].setAttribute("aria-pressed", String(call.muted.includes(direction)));
    }
    if (this.#isSureUntil < performance.now()) this.#ask("Hang up");
  }

  /** End what goes on: the page is left. */
  close() {
    this.sound.stop();
  }

  /** Offer the personas and the transfer targets of the call's plan. */
  async offerNames(plan) {
    const { plans } = await read("api/v1/plans");
    const named = plans.find((each) => each.name === plan);
    for (const [list, names] of [[this.agents, named?.agents], [this.targets, named?.targets]]) {
      list.replaceChildren(...(names ?? []).map((name) => element("option", { value: name })));
    }
  }

  /** Take a key; false: it is none of these. */
  onKey(key, event) {
    if (this.root.hidden) return false;
    if (this.fields[key]) this.fields[key].input.focus();
    else if (this.buttons[key]) {
      if (!event.repeat && !this.buttons[key].disabled) this.buttons[key].click();
    } else return false;
    return true;
  }

  #field(key, name, placeholder, onSubmit, more = {}) {
    const input = element("input", {
      type: "text", maxlength: MAX_CHARS, autocomplete: "off", placeholder, "aria-label": `${name}: ${placeholder}`,
      "aria-keyshortcuts": key, ...more,
    });
    const button = element("button", {}, name, element("kbd", { "aria-hidden": "true" }, key));
    const form = element("form", {}, input, button);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (input.value.trim() === "" || button.disabled) return;
      button.disabled = true;
      if (await onSubmit(input.value.trim())) input.value = "";
      button.disabled = false;
    });
    return { input, form };
  }

  #mute(direction) {
    const isMuted = this.#call.muted.includes(direction);
    return this.#do(isMuted ? "unmute" : "mute", { direction }, isMuted ? "Not muted any more" : "Muted");
  }

  #transfer(to) {
    return this.#do("transfer", to.includes(":") ? { uri: to } : { target: to }, "Transfer begins");
  }

  #listen() {
    if (this.sound.isOn) return this.sound.stop();
    this.#tell("", "");
    return this.sound.play();
  }

  #heard(fault) {
    this.buttons.l.setAttribute("aria-pressed", String(this.sound.isOn));
    this.buttons.l.firstChild.data = this.sound.isOn ? "Listening" : "Listen";
    if (fault) this.#tell(`Not heard: ${visible(fault.message)}`, "fault");
  }

  #hangUp() {
    if (this.#isSureUntil > performance.now()) return this.#do("hangup", {}, "Being ended");
    this.#isSureUntil = performance.now() + SURE_MS;
    this.#ask("Really hang up?");
    return announce("Press again to hang up");
  }

  #ask(text) {
    if (this.sure.data !== text) this.sure.data = text;
  }

  async #do(what, body, done) {
    this.#tell("", "");
    try {
      await post(callPath(this.#callId, what), body, { signal: AbortSignal.timeout(LIMIT_MS) });
      this.#tell(done, "done");
      return true;
    } catch (error) {
      this.#tell(`Not done: ${visible(error.message)}`, "fault");
      return false;
    }
  }

  #tell(text, outcome) {
    this.outcome.textContent = text;
    this.outcome.dataset.outcome = outcome;
  }
}
