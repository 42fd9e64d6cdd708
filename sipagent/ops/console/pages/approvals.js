// Approvals: what tools wait for, oldest first, and a person's word.
//
// What is decided stays in its place, without buttons, until neither pointer nor focus is on the
// list: if others moved up, a second click would decide about one of them.

import { post } from "../api.js";
import { announce, element } from "../dom.js";
import { jsonPieces, visible } from "../json_text.js";
import { keyLine } from "../keys.js";
import { duration } from "../words.js";

export const title = "Approvals";

const KEYS = [
  ["j", "next"], ["k", "previous"], ["a", "approve"], ["r", "reject"], ["m", "message"], ["Esc", "leave it"],
];
const CLOSED_SHOWN_MS = 5_000;
const CLOSED_ROWS = 20;
const DECISION_LIMIT_MS = 10_000;

export function mount(main, box) {
  const cards = new Map();
  let isListed = false;
  const list = element("ol", { class: "cards", "aria-label": "Tools that wait for approval" });
  const empty = element(
    "div", { class: "empty" },
    element("p", { class: "empty-title" }, "Nothing waits for approval"),
    element("p", {}, "When a tool wants a person's word, it appears here by itself."),
  );
  const closed = element("ol", { class: "closed" });
  const past = element("section", { class: "past", "aria-label": "Closed" }, element("h2", {}, "Closed"), closed);
  main.append(element("h1", { class: "unseen" }, title), list, empty, past, keyLine(...KEYS));

  async function decide(card, isApproved) {
    const { id } = card.question;
    if (!box.questions.send(id)) return;
    const message = isApproved ? "" : card.message.value;
    try {
      const signal = AbortSignal.timeout(DECISION_LIMIT_MS);
      await post(`api/v1/approvals/${encodeURIComponent(id)}`, { approve: isApproved, message }, { signal });
      box.questions.answer(id, isApproved, 200, "");
    } catch (error) {
      box.questions.answer(id, isApproved, error.status, error.message);
    }
  }

  function show(question) {
    let card = cards.get(question.id);
    if (card === undefined) {
      card = new Card(question, decide);
      cards.set(question.id, card);
      list.append(card.root);
      announce(`${question.tool} waits for approval, asked by ${question.agent}`);
    }
    card.show(box.now());
    if (question.state === "closed") announce(`${question.tool}: ${question.text}`);
    if (question.fault) announce(`${question.tool}: ${question.fault}`);
    tidy();
  }

  function tidy() {
    const isLast = box.questions.waiting.length === 0;
    for (const [id, card] of cards) {
      card.tick(box.now());
      const hasFocus = card.root.contains(document.activeElement);
      const mayMove = isLast || !(list.matches(":hover") || list.contains(document.activeElement));
      if (!card.isOver(CLOSED_SHOWN_MS) || !mayMove) continue;
      cards.delete(id);
      card.root.remove();
      closed.prepend(row(card.question));
      while (closed.childElementCount > CLOSED_ROWS) closed.lastElementChild.remove();
      if (hasFocus) main.focus();
    }
    empty.hidden = cards.size > 0 || !isListed;
    past.hidden = closed.childElementCount === 0;
  }

  function onKey(event) {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const all = [...cards.values()];
    const current = all.find((each) => each.root.contains(target));
    if (target.matches("input")) {
      if (key === "Escape") current.root.focus();
      return;
    }
    const isArrow = key === "ArrowDown" || key === "ArrowUp";
    if (all.length === 0 || (isArrow && target.matches("pre"))) return; // arguments scroll
    const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[key];
    if (step !== undefined) {
      const index = current === undefined ? 0 : all.indexOf(current) + step;
      all[Math.max(0, Math.min(index, all.length - 1))].root.focus();
    } else if ("arm".includes(key)) {
      if (current === undefined) all[0].root.focus(); // nobody has looked at one yet
      else if (key === "m") current.message.focus();
      else if (!event.repeat) decide(current, key === "a");
    } else {
      return;
    }
    event.preventDefault();
  }

  const unwatch = box.questions.watch(show);
  box.questions.waiting.forEach(show);
  tidy();
  box.questions.listed.then(() => {
    isListed = true;
    tidy();
  });
  const ticking = setInterval(tidy, 1_000);
  document.addEventListener("keydown", onKey);
  return () => {
    unwatch();
    clearInterval(ticking);
    document.removeEventListener("keydown", onKey);
  };
}

/** One question. */
class Card {
  #closedAt;

  constructor(question, decide) {
    this.question = question;
    const { id, tool, agent, plan, call_id: callId } = question;
    const titleId = `tool-${id}`;
    this.waited = element("span", { class: "waited" });
    this.outcome = element("p", { class: "outcome" });
    this.arguments = element("pre", { class: "arguments", tabindex: "0", "aria-label": "Arguments" }, ...pieces(question.arguments));
    this.more = element("p", { class: "more" }, `${question.arguments.length.toLocaleString("en")} characters: scroll to see all of them`);
    this.message = element("input", {
      type: "text", maxlength: "1000", autocomplete: "off", "aria-keyshortcuts": "m",
      "aria-label": "Message to the agent when rejecting, optional",
      placeholder: "Message to the agent when rejecting (optional)",
    });
    const button = (name, key) => element(
      "button", { type: "button", class: name.toLowerCase(), "aria-keyshortcuts": key, "aria-describedby": titleId },
      name, element("kbd", { "aria-hidden": "true" }, key),
    );
    const approve = button("Approve", "a");
    const reject = button("Reject", "r");
    approve.addEventListener("click", () => decide(this, true));
    reject.addEventListener("click", () => decide(this, false));
    this.form = element("form", { class: "decision" }, approve, reject, this.message);
    this.form.addEventListener("submit", (event) => { // Enter in the message
      event.preventDefault();
      decide(this, false);
    });
    this.root = element(
      "li", { class: "card", tabindex: "0", "aria-labelledby": titleId, "data-id": id },
      element(
        "header", {},
        element("h2", { id: titleId, class: "tool" }, visible(tool)),
        element("span", { class: "who" }, fact("agent", agent), fact("plan", plan), fact("call", callId, `#/call/${encodeURIComponent(callId)}`)),
        this.waited,
      ),
      this.arguments,
      this.more,
      this.form,
      this.outcome,
    );
  }

  /** Show what has changed. */
  show(now) {
    const { state, outcome, fault, text } = this.question;
    if (state !== "open" && this.form.contains(document.activeElement)) this.root.focus(); // what is disabled loses it
    this.root.dataset.state = state;
    for (const each of this.form.elements) each.disabled = state === "sending";
    this.outcome.textContent = { open: fault, sending: "", closed: text }[state];
    this.outcome.dataset.outcome = state === "closed" ? outcome : state === "open" && fault ? "fault" : "";
    if (state === "closed" && this.#closedAt === undefined) {
      this.tick(now);
      this.#closedAt = performance.now();
      this.question.closedAt = new Date(now);
    }
  }

  /** Show what time and the window's size change. */
  tick(now) {
    this.more.hidden = this.arguments.scrollHeight <= this.arguments.clientHeight;
    if (this.#closedAt !== undefined) return;
    this.waited.textContent = duration((now - Date.parse(this.question.asked_at)) / 1000);
  }

  /** Tell whether it was closed so long ago. */
  isOver(shownMs) {
    return this.#closedAt !== undefined && performance.now() - this.#closedAt >= shownMs;
  }
}

function fact(name, value, link = undefined) {
  const shown = element("bdi", {}, visible(value));
  const linked = link === undefined ? shown : element("a", { href: link }, shown);
  return element("span", {}, element("span", { class: "name" }, `${name} `), linked);
}

function pieces(text) {
  return jsonPieces(text).map((each) => element("span", { class: each.kind }, each.text));
}

function row(question) {
  return element(
    "li", {},
    element("time", {}, question.closedAt.toLocaleTimeString("en-GB")),
    element("span", { class: "tool" }, visible(question.tool)),
    element("span", { class: "who" }, fact("call", question.call_id)),
    element("span", { class: "outcome", "data-outcome": question.outcome }, question.text),
  );
}
