// How times, numbers and names of the box read to a person.

import { visible } from "./json_text.js";

const NOTHING = "–";

const REASONS = {
  caller_hung_up: "the caller hung up",
  agent_hung_up: "the agent hung up",
  operator_hung_up: "ended by hand",
  caller_cancelled: "the caller gave up before an answer",
  callee_hung_up: "the one who was called hung up",
  callee_busy: "busy",
  no_answer: "no answer",
  ring_timeout: "rang too long",
  declined: "declined",
  wrong_number: "no such number",
  machine_answered: "a machine answered",
  message_left: "left a message with a machine",
  unreachable: "nothing came back from there",
  dial_refused: "the trunk does not let us call",
  dial_failed: "could not be called",
  transferred: "the caller was transferred",
  no_route: "no plan takes the number",
  plan_refused: "the plan refuses it",
  emergency_number: "an emergency number, which no plan may take",
  redirected: "sent elsewhere before an answer",
  draining: "the box takes no more calls",
  busy: "all calls were in use",
  not_acceptable: "no codec in common",
  malformed_request: "the INVITE could not be read",
  session_refused: "the speech model refused the session",
  session_timeout: "the speech model was not ready in time",
  session_lost: "the speech model was lost",
  session_error: "the speech model reported an error",
  media_failed: "the audio failed",
  peer_lost: "the other side was lost",
  time_limit: "it took too long",
  caller_silent: "the caller said nothing any more",
  rtp_lost: "no audio came any more",
  shutdown: "the box was stopped",
  cut_off: "its process died",
  internal_error: "a fault of the box: see its log",
};

const PLAIN = new Intl.NumberFormat("en", { maximumFractionDigits: 4 });

/** Why a call ended, in words. */
export function reasonText(reason) {
  return REASONS[reason] ?? visible(reason ?? "");
}

/** Reasons there are, for a list to choose from. */
export const reasonNames = Object.keys(REASONS);

/** A length of time: 41 s, 3 min 07 s, 2 h 05 min. */
export function duration(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

/** A place in a call: 0:07, 12:41, 1:02:03. */
export function position(milliseconds) {
  const whole = Math.max(0, Math.floor(milliseconds / 1000));
  const [hours, minutes, seconds] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

/** A moment of today by its time, any other with its day, and its year if that is another. */
export function moment(text, now = Date.now()) {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return NOTHING;
  const time = at.toLocaleTimeString("en-GB");
  const today = new Date(now);
  if (at.toDateString() === today.toDateString()) return time;
  const day = `${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}`;
  return at.getFullYear() === today.getFullYear() ? day : `${at.getFullYear()}-${day}`;
}

/** A number with its unit; nothing known: a dash. */
export function amount(value, unit = "", digits = 0) {
  if (value === null || value === undefined) return NOTHING;
  return `${value.toFixed(digits)}${unit}`;
}

/** A number as large as it is, of money or tokens. */
export function plainNumber(value) {
  return value === null || value === undefined ? NOTHING : PLAIN.format(value);
}

/** A name or number that somebody else wrote, or a dash. */
export function named(text) {
  return text ? visible(text) : NOTHING;
}

/** How good a line is heard: MOS of the worse direction, and what is lost. */
export function lineText(call) {
  const known = [call.mos_in, call.mos_out].filter((each) => each !== null && each !== undefined);
  if (known.length === 0) return NOTHING;
  const lost = Math.max(call.loss_in_percent ?? 0, call.loss_out_percent ?? 0);
  return `MOS ${Math.min(...known).toFixed(1)}${lost > 0 ? ` · ${lost.toFixed(1)}\u00a0% lost` : ""}`;
}

/** Whether one would complain about the line (ITU-T G.107 annex B: below 3.6 many are dissatisfied). */
export function isLinePoor(call) {
  return [call.mos_in, call.mos_out].some((each) => each !== null && each !== undefined && each < 3.6);
}

/** What a call costs, or used as long as no price says so. */
export function costText(call) {
  if (call.cost !== null && call.cost !== undefined) return plainNumber(call.cost);
  const tokens = (call.input_tokens ?? 0) + (call.output_tokens ?? 0);
  return tokens > 0 ? `${plainNumber(tokens)} tokens` : NOTHING;
}

/** Who calls whom. */
export function partiesText(call) {
  return `${named(call.caller)} → ${named(call.called)}`;
}

/** What a call is doing, in words. */
export function stateText(call, waits) {
  if (call.state === "ended") return `ended: ${reasonText(call.reason)}`;
  if (waits) return "waits for approval";
  if (call.silence) return `silent: ${named(call.silence).replaceAll("_", " ")}`;
  if (call.state === "transferring") return `transferring to ${named(call.transfer_target)}`;
  return call.attached ? `${call.state}, attached` : call.state;
}

/** Who is heard, and who is kept from it. */
export function floorText(call) {
  const muted = (call.muted ?? []).map((each) => (each === "inbound" ? "caller muted" : "agent muted"));
  return [call.floor === "nobody" ? "–" : call.floor, ...muted].join(", ");
}

function two(number) {
  return String(number).padStart(2, "0");
}
