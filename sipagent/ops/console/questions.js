// Which questions there are and what became of them. No page, no network, no clock.
//
//   open     --send-->               sending
//   sending  --answer, failed-->     open      with a fault
//   sending  --answer-->             closed
//   open     --closed, missing-->    closed    by somebody else, or by nobody
//
// While a decision is being sent its answer has the last word: it alone tells who decided.

const ELSEWHERE = {
  approved: { outcome: "approved", text: "Approved by somebody else" },
  rejected: { outcome: "rejected", text: "Rejected by somebody else" },
  withdrawn: { outcome: "late", text: "Gone: nobody decided in time, or the call is over" },
};
const MISSING = { outcome: "late", text: "Gone: decided elsewhere, or the call is over" };

export class Questions {
  #waiting = new Map();
  #closedIds = new Set(); // a list that was on its way may still have them
  #watchers = new Set();

  #onListed;

  /** Fulfilled once the box has told what there is: until then nobody knows that there is nothing. */
  listed = new Promise((resolve) => { this.#onListed = resolve; });

  /** Those that wait for a decision or for its answer, oldest first. */
  get waiting() {
    return [...this.#waiting.values()];
  }

  /** Have `onChange(question)` told of each question that is new or changed; return how to end it. */
  watch(onChange) {
    this.#watchers.add(onChange);
    return () => this.#watchers.delete(onChange);
  }

  /** Take an event of the box. */
  event(name, content) {
    if (name === "asked") this.#asked(content);
    else if (name === "closed") this.#closed(content.id, ELSEWHERE[content.state]);
    else if (name === "approvals") {
      const listed = new Set(content.approvals.map((each) => each.id));
      content.approvals.forEach((each) => this.#asked(each));
      for (const each of this.waiting) {
        if (!listed.has(each.id)) this.#closed(each.id, MISSING);
      }
      this.#onListed();
    }
  }

  /** Note that a decision is on its way; false: there is nothing to decide. */
  send(id) {
    const question = this.#waiting.get(id);
    if (question?.state !== "open") return false;
    this.#change(question, { state: "sending", fault: "" });
    return true;
  }

  /** Take what the box answered to a decision: its status, and its words if it is a fault. */
  answer(id, isApproved, status, message) {
    const question = this.#waiting.get(id);
    if (status === 200) {
      const outcome = isApproved ? "approved" : "rejected";
      this.#close(question, { outcome, text: isApproved ? "Approved by you" : "Rejected by you" });
    } else if (status === 409) {
      this.#close(question, { outcome: "late", text: "Too late: decided already, or nobody waits for it any more" });
    } else if (status === 404) {
      this.#close(question, { outcome: "late", text: "Gone: the box does not know it any more" });
    } else {
      this.#change(question, { state: "open", fault: `Not decided: ${message}` });
    }
  }

  #asked(content) {
    if (this.#waiting.has(content.id) || this.#closedIds.has(content.id)) return;
    const question = { ...content };
    this.#waiting.set(question.id, question);
    this.#change(question, { state: "open", fault: "" });
  }

  #closed(id, ending) {
    const question = this.#waiting.get(id);
    if (question?.state === "open") this.#close(question, ending);
  }

  #close(question, ending) {
    this.#waiting.delete(question.id);
    this.#closedIds.add(question.id);
    this.#change(question, { state: "closed", fault: "", ...ending });
  }

  #change(question, changes) {
    Object.assign(question, changes);
    this.#watchers.forEach((onChange) => onChange(question));
  }
}
