// One call: what was said on it, what happened, and while it lasts what a person may have done.

import { Acts, actKeys } from "../acts.js";
import { request } from "../api.js";
import { Conversation } from "../conversation.js";
import { element, facts, setText } from "../dom.js";
import { liveItems, recordItems } from "../items.js";
import { visible } from "../json_text.js";
import { keyLine, listen } from "../keys.js";
import {
  amount, costText, duration, floorText, isLinePoor, lineText, moment, named, partiesText, plainNumber, reasonText, stateText,
} from "../words.js";

export const title = "Call";

const RECORD_AGAIN_MS = 1_000; // the store follows a call within a moment
const RECORD_TRIES = 10;

export function mount(main, box, callId) {
  let whole; // as the box told it last
  let isGone = false;
  let tries = 0;
  let again;
  const state = element("span", { class: "chip" });
  const parties = element("bdi", {});
  const summary = element("div", {});
  const approval = element("a", { class: "waiting", href: "#/approvals", hidden: "" }, "A tool waits for approval");
  const fault = element("p", { class: "fault", role: "alert" });
  const talk = new Conversation("What happened on the call");
  const acts = new Acts(callId);
  main.append(
    element("p", { class: "back" }, element("a", { href: "#/calls" }, "Calls")),
    element("h1", { class: "parties" }, parties, " ", state), approval, fault, summary,
    element("div", { class: "columns" }, talk.root, acts.root),
    keyLine(["b", "back"], ...actKeys),
  );

  async function load() {
    clearTimeout(again);
    try {
      const response = await request(`api/v1/calls/${encodeURIComponent(callId)}`);
      whole = await response.json();
      setText(fault, "");
    } catch (error) {
      if (isGone) return;
      setText(fault, error.status === 404 ? "There is no such call." : `Not loaded: ${visible(error.message)}`);
      return;
    }
    if (isGone) return;
    if (whole.state === "ended" && !whole.record && tries < RECORD_TRIES) {
      tries += 1;
      again = setTimeout(load, RECORD_AGAIN_MS);
    }
    show();
  }

  function show() {
    if (whole === undefined) return;
    const call = { ...whole, ...(whole.record ? {} : box.calls.get(callId)) };
    const waits = box.questions.waiting.some((each) => each.call_id === callId);
    setText(parties, partiesText(call));
    setText(state, stateText(call, waits));
    state.dataset.state = waits ? "waits" : call.state;
    approval.hidden = !waits;
    showFacts(summary, call, box.now());
    if (whole.record) {
      talk.show(recordItems(whole.record));
    } else {
      const turns = new Map(whole.transcript.map((turn) => [turn.seq, turn]));
      for (const [seq, turn] of box.calls.turns(callId)) turns.set(seq, turn);
      talk.show(liveItems(call, turns, box.calls.tools(callId)));
    }
    acts.show(call);
    document.title = `${partiesText(call)} · sipagent`;
  }

  function onChange(changedId) {
    if (changedId !== undefined && changedId !== callId) return;
    const isOver = box.calls.get(callId)?.state === "ended";
    const isNew = changedId === undefined || whole === undefined || (isOver && whole.state !== "ended");
    if (isNew) load();
    else show();
  }

  function onKey(key, event) {
    if (key === "b") location.hash = "#/calls";
    else return acts.onKey(key, event);
    return true;
  }

  load().then(() => { if (whole && whole.state !== "ended") acts.offerAgents(whole.plan).catch(() => {}); });
  const ends = [box.calls.watch(onChange), box.questions.watch(show), listen(onKey)];
  const ticking = setInterval(show, 1_000);
  return () => {
    isGone = true;
    clearTimeout(again);
    clearInterval(ticking);
    ends.forEach((end) => end());
  };
}

function showFacts(where, call, now) {
  const end = call.ended_at ? Date.parse(call.ended_at) : now;
  const line = element("span", { class: isLinePoor(call) ? "poor" : undefined }, lineText(call));
  const isOver = call.state === "ended";
  const pairs = [
    ["Plan", named(call.plan)],
    ["Agent", named(call.agent)],
    ["Ended", isOver ? reasonText(call.reason) : ""],
    ["Detail", visible(call.detail)],
    ["Floor", isOver ? "" : floorText(call)],
    ["Turn gap", amount(call.turn_gap_ms, " ms")],
    ["Line", line],
    ["Round trip", amount(call.rtt_ms, " ms")],
    ["Codec", named(call.codec)],
    ["Cost", costText(call)],
    ["Tokens", `${plainNumber(call.input_tokens)} in, ${plainNumber(call.output_tokens)} out`],
    ["Began", moment(call.started_at, now)],
    [isOver ? "Lasted" : "For", duration((end - Date.parse(call.started_at)) / 1000)],
    ["From", named(call.source_address || call.trunk)],
    ["Call", visible(call.call_id)],
  ];
  const shown = facts(pairs);
  const told = shown.textContent;
  if (where.dataset.told === told) return;
  where.dataset.told = told; // only what is different is made again: text may be selected
  where.replaceChildren(shown);
}
