// What is wrong with the plans, and which are in use, as the stream tells. No page, no network.

export class Plans {
  #watchers = new Set();

  /** What the box said last; undefined: nothing yet. */
  state;

  /** Whether what is in the folder cannot be used. */
  get isBroken() {
    return this.state !== undefined && !this.state.is_current && this.state.problems.some((each) => each.severity === "error");
  }

  /** Have `onChange()` told of each change; return how to end it. */
  watch(onChange) {
    this.#watchers.add(onChange);
    return () => this.#watchers.delete(onChange);
  }

  /** Take an event of the box. */
  event(name, content) {
    if (name !== "plans") return;
    this.state = content;
    this.#watchers.forEach((onChange) => onChange());
  }
}
