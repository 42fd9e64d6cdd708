// The event stream: read as long as it lasts; what there is is asked for whenever it does not.
// EventSource would do, but cannot send a token.

import { ApiError, readiness, request } from "./api.js";

const SILENCE_LIMIT_MS = 25_000; // the box says something every 10 s
const FIRST_LIMIT_MS = 5_000; // it begins at once, unless something between keeps it back
const SHORTEST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5_000;

/**
 * Follow the box until it refuses.
 *
 * `on.event(name, content)` is told each event; `on.link("live" | "polling" | "lost")` how it
 * hears of them; `on.clock(milliseconds)` how far the box's clock is ahead of ours. Returns the
 * ApiError with which the box refused.
 */
export async function follow(on) {
  let wait = SHORTEST_WAIT_MS;
  for (;;) {
    try {
      await readStream(on, () => { wait = SHORTEST_WAIT_MS; });
    } catch (error) {
      if (isRefusal(error)) return error;
    }
    try {
      await poll(on);
      on.link("polling");
    } catch (error) {
      if (isRefusal(error)) return error;
      on.link("lost");
    }
    await new Promise((resolve) => { setTimeout(resolve, wait); });
    wait = Math.min(2 * wait, LONGEST_WAIT_MS);
  }
}

function isRefusal(error) {
  return error instanceof ApiError && (error.status === 401 || error.status === 403);
}

async function poll(on) {
  for (const name of ["approvals", "calls", "plans"]) {
    const response = await request(`api/v1/${name}`);
    tellClock(on, response);
    on.event(name, await response.json());
  }
  on.event("status", await readiness());
}

async function readStream(on, onBegin) {
  const end = new AbortController();
  let limit = setTimeout(() => end.abort(), FIRST_LIMIT_MS);
  try {
    const response = await request("api/v1/events", { signal: end.signal });
    tellClock(on, response);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const read = eventReader(on.event);
    for (let isFirst = true; ; isFirst = false) {
      const { value, done } = await reader.read();
      if (done) return;
      clearTimeout(limit);
      limit = setTimeout(() => end.abort(), SILENCE_LIMIT_MS);
      if (isFirst) {
        onBegin();
        on.link("live");
      }
      read(value);
    }
  } finally {
    clearTimeout(limit);
    end.abort();
  }
}

function tellClock(on, response) {
  const theirs = Date.parse(response.headers.get("Date"));
  if (!Number.isNaN(theirs)) on.clock(theirs - Date.now());
}

/** Return a function that takes text as it comes and tells each whole event. */
function eventReader(onEvent) {
  let rest = "";
  return (text) => {
    const blocks = (rest + text).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const field = (name) => block.split("\n").find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      const data = field("data");
      if (data !== undefined) onEvent(field("event"), JSON.parse(data));
    }
  };
}
