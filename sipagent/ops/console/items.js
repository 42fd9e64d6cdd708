// What happened on a call, in one order, whether it lasts or is on record. No page, no network.
//
// An item has key, atMs (since the call began), kind, who, text; of the agent's words also
// unheard (what the caller did not hear of them) and mark.

const ACTS = { hang_up: "hang up", hand_over: "hand over" };

/** Items of a call that lasts: its turns, and tools and handoffs as far as they were seen. */
export function liveItems(call, turns, tools) {
  const began = Date.parse(call.started_at);
  const items = [...turns.values()].map((turn) => ({
    key: `turn ${turn.seq}`, atMs: Date.parse(turn.at) - began, kind: turn.who,
    who: turn.agent || turn.who, ...spoken(turn.text, turn.heard, turn.interrupted),
  }));
  for (const tool of tools) {
    const ended = tool.endedAt === undefined ? "runs" : `ran for ${seconds(tool.endedAt - tool.startedAt)}`;
    items.push({ key: `tool ${tool.id}`, atMs: tool.startedAt - began, kind: "tool", who: tool.name, text: ended });
  }
  return withHandoffs(ordered(items));
}

/** Items of the record of a call. */
export function recordItems(record) {
  const items = [];
  const add = (kind, list, itemOf) => (list ?? []).forEach((each, index) => {
    items.push({ key: `${kind} ${index}`, atMs: each.at_ms ?? 0, kind, ...itemOf(each) });
  });
  add("turn", record.turns, (turn) => (turn.who === "caller"
    ? { kind: "caller", who: "caller", text: turn.said, ...cutOff(turn) }
    : { kind: "agent", who: turn.who, gapMs: turn.gap_ms, ...spoken(turn.said, turn.heard, turn.interrupted), ...cutOff(turn) }));
  add("tool", record.tool_calls, (tool) => ({
    who: tool.name, text: `${tool.failed ? "failed" : "answered"} after ${seconds(tool.duration_ms)}`,
    isFault: tool.failed, arguments: tool.arguments, output: tool.output,
  }));
  add("handoff", record.handoffs, (each) => ({ who: each.from, text: `hands over to ${each.to}` }));
  add("guardrail", record.blocked, (each) => ({
    who: each.guardrail, text: `stopped an answer: ${seconds(each.held_ms)} never heard, ${seconds(each.heard_ms)} heard`,
  }));
  add("transfer", record.transfers, (each) => ({ who: each.target, text: `transfer, ${each.mode}: ${each.outcome}` }));
  add("operator", record.operator, (each) => ({ who: each.by, text: actText(each.act, each.what) }));
  add("digits", record.collected, (each) => ({
    who: each.name, text: `${each.outcome.replaceAll("_", " ")}: ${each.digits} digits ${each.shown}`,
  }));
  add("message", record.messages, (each) => ({ who: each.agent, text: `takes a message of ${each.name} ${each.number}: ${each.text}` }));
  add("note", record.notes, (each) => ({ who: each.agent, text: each.text }));
  add("hold", record.holds, (each) => ({ who: "caller", text: `back after ${seconds(each.held_ms)} on hold` }));
  add("silence", record.silences, (each) => ({ who: each.cause.replaceAll("_", " "), text: each.text, isFault: true }));
  add("session", record.reconnects, (each) => ({ who: "speech model", text: `another session (${each.reason}) after ${seconds(each.outage_ms)}` }));
  add("error", record.errors, (each) => ({ who: each.code, text: each.message, isFault: true }));
  return ordered(items);
}

/** What an operator had done, in words. */
export function actText(act, what) {
  const values = Object.values(what ?? {}).filter((each) => each !== "" && typeof each !== "boolean");
  return [ACTS[act] ?? act, ...values].join(" ");
}

/** What was said, in two: what the caller heard, and what not. */
function spoken(text, heard, interrupted) {
  if (heard === null || heard === undefined || heard === text) return { text, unheard: "", mark: interrupted ? "interrupted" : "" };
  const unheard = text.startsWith(heard) ? text.slice(heard.length) : text;
  return { text: heard, unheard, mark: interrupted ? "interrupted" : "" };
}

/** The mark of a turn whose end was never told, since the process died. */
function cutOff(turn) {
  return turn.unfinished ? { mark: "cut off" } : {};
}

function withHandoffs(items) {
  const all = [];
  let before = "";
  for (const item of items) {
    if (item.kind === "agent" && before !== "" && item.who !== before) {
      all.push({ key: `handoff ${item.key}`, atMs: item.atMs, kind: "handoff", who: before, text: `hands over to ${item.who}` });
    }
    if (item.kind === "agent") before = item.who;
    all.push(item);
  }
  return all;
}

function ordered(items) {
  return items.sort((one, other) => one.atMs - other.atMs);
}

function seconds(milliseconds) {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}
