// Items of a call as a list that grows: what is the same stays where it is, so that a person can
// read, select and listen while a call goes on.

import { element } from "./dom.js";
import { jsonPieces, visible } from "./json_text.js";
import { position } from "./words.js";

const KINDS = {
  tool: "tool", handoff: "handoff", guardrail: "guardrail", transfer: "transfer", operator: "operator",
  digits: "keypad", message: "message", note: "note", hold: "hold", silence: "silence", session: "session", error: "error",
};
const NEAR_END_PX = 80;

export class Conversation {
  #items = new Map();
  #onSeek;

  constructor(label) {
    this.root = element("ol", { class: "talk", role: "log", tabindex: "0", "aria-label": label });
  }

  /**
   * Show these items, in their order.
   *
   * `isLive`: more come, and the last ones are of interest; `onSeek(atMs)`: have times be buttons that call it.
   */
  show(items, isLive, onSeek = undefined) {
    this.#onSeek = onSeek;
    const isAtEnd = this.root.scrollHeight - this.root.scrollTop - this.root.clientHeight < NEAR_END_PX;
    const there = new Set(items.map((each) => each.key));
    for (const [key, shown] of this.#items) {
      if (there.has(key)) continue;
      shown.root.remove();
      this.#items.delete(key);
    }
    let before = null;
    for (const item of items) {
      const told = JSON.stringify([item, onSeek !== undefined]);
      let shown = this.#items.get(item.key);
      if (shown?.told !== told) {
        const root = this.#element(item);
        shown?.root.replaceWith(root);
        shown = { root, told };
        this.#items.set(item.key, shown);
      }
      const expected = before === null ? this.root.firstElementChild : before.nextElementSibling;
      if (expected !== shown.root) this.root.insertBefore(shown.root, expected);
      before = shown.root;
    }
    if (isAtEnd && isLive) this.root.scrollTop = this.root.scrollHeight;
  }

  #element(item) {
    const { kind, who, text, unheard = "", mark = "", atMs, isFault, gapMs } = item;
    const said = element("p", { class: "said", dir: "auto" }, visible(text));
    if (unheard) said.append(element("s", { "aria-label": `not heard: ${visible(unheard)}` }, visible(unheard)));
    const head = element(
      "p", { class: "head" }, this.#time(atMs), element("bdi", { class: "speaker" }, visible(who)),
      ...(KINDS[kind] ? [element("span", { class: "kind" }, KINDS[kind])] : []),
      ...(mark ? [element("span", { class: "mark" }, mark)] : []),
      ...(gapMs === null || gapMs === undefined ? [] : [element("span", { class: "kind" }, `after ${gapMs} ms`)]),
    );
    const root = element("li", { "data-kind": kind, "data-fault": isFault ? "yes" : undefined }, head, said);
    if (item.arguments) root.append(payload("Arguments", item.arguments));
    if (item.output) root.append(payload("Output", item.output));
    return root;
  }

  #time(atMs) {
    if (this.#onSeek === undefined) return element("time", {}, position(atMs));
    const button = element("button", { type: "button", class: "time", "aria-label": `Play from ${position(atMs)}` }, position(atMs));
    button.addEventListener("click", () => this.#onSeek(atMs));
    return button;
  }
}

/** What a tool was given, or gave: JSON is indented, anything else is as it was written. */
function payload(name, text) {
  const pieces = jsonPieces(text).map((each) => element("span", { class: each.kind }, each.text));
  return element(
    "details", {}, element("summary", {}, name),
    element("pre", { class: "arguments", tabindex: "0", "aria-label": name }, ...pieces),
  );
}
