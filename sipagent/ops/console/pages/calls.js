// Calls that last, oldest first, and those that were over a moment ago.

import { callLink, element, setText } from "../dom.js";
import { keyLine, listen, stepOf } from "../keys.js";
import { amount, costText, duration, floorText, isLinePoor, lineText, named, partiesText, stateText } from "../words.js";

export const title = "Calls";

const COLUMNS = [
  ["Call", ""], ["Plan", "wide"], ["Agent", ""], ["State", ""], ["Floor", ""], ["Gap", "wide number"],
  ["Line", "wide"], ["Cost", "wide number"], ["For", "number"],
];

export function mount(main, box) {
  const rows = new Map();
  const body = element("tbody");
  const header = COLUMNS.map(([name, kind]) => element("th", { scope: "col", class: kind || undefined }, name));
  const table = element(
    "table", { class: "list", "aria-label": "Calls that last" },
    element("thead", {}, element("tr", {}, ...header)), body,
  );
  const empty = element(
    "div", { class: "empty" },
    element("p", { class: "empty-title" }, "No calls"),
    element("p", {}, "Calls appear here by themselves. Those that are over are among the past ones."),
  );
  main.append(
    element("h1", { class: "unseen" }, title), element("div", { class: "scroll" }, table), empty,
    keyLine(["j", "next"], ["k", "previous"], ["Enter", "open"]),
  );

  function show() {
    const calls = box.calls.all;
    const there = new Set(calls.map((each) => each.call_id));
    for (const [callId, row] of rows) {
      if (there.has(callId)) continue;
      rows.delete(callId);
      row.root.remove();
    }
    for (const call of calls) {
      if (!rows.has(call.call_id)) {
        rows.set(call.call_id, new Row(call));
        body.append(rows.get(call.call_id).root);
      }
      const waits = box.questions.waiting.some((each) => each.call_id === call.call_id);
      rows.get(call.call_id).show(call, waits, box.now());
    }
    table.hidden = calls.length === 0;
    empty.hidden = calls.length > 0 || !box.calls.isListed;
  }

  function onKey(key) {
    const step = stepOf(key);
    const links = [...body.querySelectorAll("a")];
    if (step === undefined || links.length === 0) return false;
    const current = links.indexOf(document.activeElement);
    links[current < 0 ? 0 : Math.max(0, Math.min(current + step, links.length - 1))].focus();
    return true;
  }

  show();
  const ends = [box.calls.watch(show), box.questions.watch(show), listen(onKey)];
  const ticking = setInterval(show, 1_000);
  return () => {
    clearInterval(ticking);
    ends.forEach((end) => end());
  };
}

/** One call. */
class Row {
  constructor(call) {
    this.cells = COLUMNS.map(([, kind]) => element("td", { class: kind || undefined }));
    this.link = callLink(call.call_id);
    this.cells[0].append(this.link);
    this.state = element("span", { class: "chip" });
    this.cells[3].append(this.state);
    this.root = element("tr", { "data-id": call.call_id }, ...this.cells);
    this.root.addEventListener("click", () => { location.hash = this.link.hash; });
  }

  /** Show what has changed. */
  show(call, waits, now) {
    const [, plan, agent, , floor, gap, line, cost, since] = this.cells;
    const isOver = call.state === "ended";
    this.root.dataset.state = call.state;
    setText(this.link, partiesText(call));
    setText(plan, named(call.plan));
    setText(agent, named(call.agent));
    setText(this.state, stateText(call, waits));
    this.state.dataset.state = waits ? "waits" : call.silence ? "silent" : call.state;
    setText(floor, floorText(call));
    floor.dataset.floor = call.floor;
    setText(gap, amount(call.turn_gap_ms, " ms"));
    setText(line, lineText(call));
    line.classList.toggle("poor", isLinePoor(call));
    setText(cost, costText(call));
    const end = isOver ? Date.parse(call.ended_at) : now;
    setText(since, duration((end - Date.parse(call.started_at)) / 1000));
  }
}
