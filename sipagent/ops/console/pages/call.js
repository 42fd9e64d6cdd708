// One call: what was said on it, what happened; while it lasts what a person may have done, and once
// it is over its recording.

import { Acts, actKeys } from "../acts.js";
import { callPath, read, request } from "../api.js";
import { Conversation } from "../conversation.js";
import { element, facts, setText } from "../dom.js";
import { liveItems, recordItems } from "../items.js";
import { visible } from "../json_text.js";
import { keyButton, keyLine, listen } from "../keys.js";
import { Player, playKeys } from "../player.js";
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
  let player;
  const state = element("span", { class: "chip" });
  const parties = element("bdi", {});
  const summary = element("div", {});
  const approval = element("a", { class: "waiting", href: "#/approvals", hidden: "" }, "A tool waits for approval");
  const fault = element("p", { class: "fault", role: "alert" });
  const talk = new Conversation("What happened on the call");
  const acts = new Acts(callId);
  const back = element("a", { href: "#/calls" }, "Calls");
  const sound = element("div", {});
  const download = keyButton("Flight record", "d", {}, () => fetchFlight());
  const keys = element("div", {});
  main.append(
    element("p", { class: "back" }, back),
    element("h1", { class: "parties" }, parties, " ", state, download), approval, fault, summary, sound,
    element("div", { class: "columns" }, talk.root, acts.root),
    keys,
  );

  async function load() {
    clearTimeout(again);
    try {
      whole = await read(callPath(callId));
      setText(fault, "");
    } catch (error) {
      if (isGone) return;
      setText(fault, error.status === 404 ? "There is no such call." : `Not loaded: ${visible(error.message)}`);
      return;
    }
    if (isGone) return;
    if (whole.state === "ended" && (whole.record ?? { is_open: true }).is_open && tries < RECORD_TRIES) {
      tries += 1;
      whole.record = null; // it has not heard of the end yet
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
      player ??= playerOf(whole.record, sound);
      talk.show(recordItems(whole.record), false, player && ((atMs) => player.playFrom(atMs)));
    } else {
      const turns = new Map(whole.transcript.map((turn) => [turn.seq, turn]));
      for (const [seq, turn] of box.calls.turns(callId)) turns.set(seq, turn);
      talk.show(liveItems(call, turns, box.calls.tools(callId)), true);
    }
    acts.show(call);
    const isListed = box.calls.get(callId) !== undefined;
    back.href = isListed ? "#/calls" : "#/past";
    setText(back, isListed ? "Calls" : "Past calls");
    showKeys(keys, [["b", "back"], ["d", "flight record"], ...(player ? playKeys : []), ...(call.state === "ended" ? [] : actKeys)]);
    const [waiting = ""] = document.title.match(/^\(\d+\) /) ?? [];
    document.title = `${waiting}${partiesText(call)} · sipagent`;
    if (whole.record) clearInterval(ticking); // nothing changes any more
  }

  function onChange(changedId) {
    if ((changedId !== undefined && changedId !== callId) || whole?.record) return;
    const isOver = box.calls.get(callId)?.state === "ended";
    const isNew = changedId === undefined || whole === undefined || (isOver && whole.state !== "ended");
    if (isNew) load();
    else show();
  }

  function onKey(key, event) {
    if (key === "b") location.hash = back.hash;
    else if (key === "d") download.click();
    else return (player?.onKey(key, event) ?? false) || acts.onKey(key, event);
    return true;
  }

  async function fetchFlight() {
    download.disabled = true;
    try {
      const response = await request(callPath(callId, "flight"));
      const url = URL.createObjectURL(await response.blob());
      element("a", { href: url, download: `sipagent-${callId}.zip` }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000); // the browser reads it after the click
      setText(fault, "");
    } catch (error) {
      setText(fault, `No flight record: ${visible(error.message)}`);
    }
    download.disabled = false;
  }

  const ticking = setInterval(show, 1_000);
  load().then(() => {
    if (!whole || whole.state === "ended") return;
    acts.offerNames(whole.plan).catch(() => {});
  });
  const ends = [box.calls.watch(onChange), box.questions.watch(show), listen(onKey)];
  return () => {
    isGone = true;
    clearTimeout(again);
    clearInterval(ticking);
    player?.close();
    acts.close();
    ends.forEach((end) => end());
  };
}

/** What plays the recording of a call, if there is one. */
function playerOf(record, where) {
  const { recording } = record;
  if (!recording?.sha256) return undefined; // none, or not whole: the box serves no half of one
  const lengthMs = Date.parse(record.ended_at) - Date.parse(record.started_at);
  const offsetMs = Math.max(0, lengthMs - recording.duration_ms); // it ends with the call
  const marks = recordItems(record).filter((each) => each.mark || each.isFault).map((each) => each.atMs);
  const player = new Player(record.call_id, recording, offsetMs, marks);
  where.replaceChildren(player.root);
  return player;
}

function showKeys(where, pairs) {
  const told = String(pairs);
  if (where.dataset.told === told) return;
  where.dataset.told = told;
  where.replaceChildren(keyLine(...pairs));
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
    ["Model", visible(call.model ?? "")],
    ["Box", visible(call.box ?? "")],
    ["Plan version", call.record?.plan_version ? `${call.record.plan_version} (${visible(call.record.plan_sha)})` : ""],
    ["Recording", recordingText(call.record?.recording)],
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

function recordingText(recording) {
  if (!recording?.path) return "";
  const consent = { none: "nobody was told", announced: "announced", tool: "the caller agreed", key: "agreed by key" };
  const told = consent[recording.consent] ?? visible(recording.consent ?? "");
  return recording.error ? `${told}; ${visible(recording.error)}` : told;
}
