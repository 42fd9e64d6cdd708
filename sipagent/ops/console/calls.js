// The calls there are, and what is said on them, as the stream tells. No page, no network, no clock.
//
// A change has only what is different; turns come again, by their number, when they are known better.

export class Calls {
  #calls = new Map();
  #turns = new Map();
  #tools = new Map();
  #watchers = new Set();

  /** Whether the box has told what there is: until then nobody knows that there is nothing. */
  isListed = false;

  /** All of them, oldest first. */
  get all() {
    return [...this.#calls.values()];
  }

  /** What is known of a call that lasts, or was over a moment ago. */
  get(callId) {
    return this.#calls.get(callId);
  }

  /** Turns of which the stream has told, by number. */
  turns(callId) {
    return this.#turns.get(callId) ?? new Map();
  }

  /** Tools that ran since the stream tells of the call: name, startedAt, endedAt. */
  tools(callId) {
    return [...(this.#tools.get(callId)?.values() ?? [])];
  }

  /** Have `onChange(callId)` told of each call that is different, `undefined`: all are. */
  watch(onChange) {
    this.#watchers.add(onChange);
    return () => this.#watchers.delete(onChange);
  }

  /** Take an event of the box; `now`: its time, in milliseconds since 1970. */
  event(name, content, now) {
    if (name === "calls") {
      this.isListed = true;
      this.#calls = new Map(content.calls.map((each) => [each.call_id, each]));
      this.#turns.clear(); // what was missed meanwhile is asked for
      content.calls.forEach((each) => this.#noteTools(each.call_id, each.tools, now));
      this.#tell(undefined);
    } else if (name === "call") {
      const { call_id: callId, transcript = [], ...changes } = content;
      this.#calls.set(callId, { ...this.#calls.get(callId), call_id: callId, ...changes });
      if (changes.tools !== undefined) this.#noteTools(callId, changes.tools, now);
      if (!this.#turns.has(callId)) this.#turns.set(callId, new Map());
      for (const turn of transcript) this.#turns.get(callId).set(turn.seq, turn);
      this.#tell(callId);
    } else if (name === "call_gone") {
      for (const kept of [this.#calls, this.#turns, this.#tools]) kept.delete(content.call_id);
      this.#tell(content.call_id);
    }
  }

  #noteTools(callId, running, now) {
    const known = this.#tools.get(callId) ?? new Map();
    this.#tools.set(callId, known);
    for (const tool of known.values()) {
      const isRunning = running.some((each) => each.tool_call_id === tool.id);
      if (!isRunning) tool.endedAt ??= now;
    }
    for (const { tool_call_id: id, name, started_at: startedAt } of running) {
      if (!known.has(id)) known.set(id, { id, name, startedAt: Date.parse(startedAt), endedAt: undefined });
    }
  }

  #tell(callId) {
    this.#watchers.forEach((onChange) => onChange(callId));
  }
}
