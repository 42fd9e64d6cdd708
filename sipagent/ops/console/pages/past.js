// Calls of the store, newest first, page by page as somebody scrolls.

import { read } from "../api.js";
import { callLink, element, setText } from "../dom.js";
import { visible } from "../json_text.js";
import { keyLine, listen, stepOf } from "../keys.js";
import { Rows } from "../rows.js";
import { costText, duration, moment, named, partiesText, reasonNames, reasonText } from "../words.js";

export const title = "Past calls";

const PAGE = 100;
const ROW_PX = 36;
const TYPED_MS = 300;
const RESULTS = ["completed", "refused", "abandoned", "unanswered", "failed"];

const COLUMNS = [
  ["when", "Began"], ["who", "Call"], ["plan wide", "Plan"], ["why", "Ended"], ["gap wide", "Turn gap"], ["cost wide", "Cost"], ["long", "Lasted"],
];

/** What was looked at, for whoever comes back from a call. */
const kept = { query: "", fields: {}, calls: [], next: undefined, index: -1 };

export function mount(main, box) {
  let asked = 0; // the number of the question whose answer is wanted
  let isAsking = false;
  let waiting;
  const names = element("p", { class: "rows-head", "aria-hidden": "true", hidden: "" }, ...COLUMNS.map(([kind, name]) => element("span", { class: kind }, name)));
  const rows = new Rows("Past calls", ROW_PX, (index) => row(kept.calls[index], box.now()), more);
  const empty = element("p", { class: "empty", hidden: "" }, "No calls like that");
  const told = element("p", { class: "outcome", role: "status" });
  const filters = new Filters(kept.fields, () => {
    clearTimeout(waiting);
    waiting = setTimeout(begin, TYPED_MS);
  });
  main.append(
    element("h1", { class: "unseen" }, title), filters.root, told, names, rows.root, empty,
    keyLine(["/", "search"], ["j", "next"], ["k", "previous"], ["Enter", "open"], ["u", "look again"]),
  );

  function begin() {
    kept.fields = filters.values();
    kept.query = filters.query();
    Object.assign(kept, { calls: [], next: "", index: -1 });
    asked += 1;
    isAsking = false;
    rows.set(0, true);
    more();
  }

  async function more() {
    if (isAsking || kept.next === undefined) return;
    isAsking = true;
    const mine = asked;
    const cursor = kept.next ? `&cursor=${encodeURIComponent(kept.next)}` : "";
    try {
      const page = await read(`api/v1/calls?state=past&limit=${PAGE}${kept.query}${cursor}`);
      if (mine !== asked) return;
      kept.calls.push(...page.calls);
      kept.next = page.next || undefined;
      setText(told, "");
    } catch (error) {
      if (mine !== asked) return;
      kept.next = undefined;
      setText(told, `Not loaded: ${visible(error.message)}`);
    }
    isAsking = false;
    empty.hidden = kept.calls.length > 0 || told.textContent !== "";
    rows.root.hidden = names.hidden = kept.calls.length === 0;
    rows.set(kept.calls.length, false);
  }

  function onKey(key) {
    const step = stepOf(key);
    if (step !== undefined && kept.calls.length > 0) {
      kept.index = Math.max(0, Math.min(kept.index + step, kept.calls.length - 1));
      rows.focus(kept.index);
    } else if (key === "/") filters.focus();
    else if (key === "u") begin();
    else return false;
    return true;
  }

  rows.list.addEventListener("focusin", ({ target }) => {
    kept.index = Number(target.closest("li").getAttribute("aria-posinset")) - 1;
  });
  if (kept.index >= 0) {
    names.hidden = false;
    rows.set(kept.calls.length, true);
    requestAnimationFrame(() => rows.focus(kept.index));
  } else begin();
  const unlisten = listen(onKey);
  return () => {
    asked += 1;
    clearTimeout(waiting);
    rows.close();
    unlisten();
  };
}

/** What calls are wanted. */
class Filters {
  constructor(known, onChange) {
    const text = (name, label, more = {}) => field(name, label, element("input", { type: "text", maxlength: "200", autocomplete: "off", ...more }));
    const time = (name, label) => field(name, label, element("input", { type: "datetime-local" }));
    const choice = (name, label, values) => field(
      name, label, element("select", {}, element("option", { value: "" }, "any"), ...values.map(([value, shown]) => element("option", { value }, shown))),
    );
    const fields = [
      text("number", "Number", { "aria-keyshortcuts": "/" }), text("plan", "Plan"),
      choice("result", "Result", RESULTS.map((each) => [each, each])),
      choice("reason", "Reason", reasonNames.map((each) => [each, reasonText(each)])),
      text("q", "Said"), time("from", "From"), time("to", "To"),
    ];
    this.root = element("form", { class: "filters", role: "search" }, ...fields);
    for (const [name, value] of Object.entries(known)) this.root.elements[name].value = value;
    this.root.addEventListener("input", onChange);
    this.root.addEventListener("submit", (event) => event.preventDefault());
  }

  /** What is in the fields. */
  values() {
    return Object.fromEntries([...this.root.elements].map((each) => [each.name, each.value.trim()]));
  }

  /** The same as the end of an address; times as the box wants them. */
  query() {
    const given = Object.entries(this.values()).filter(([, value]) => value !== "");
    return given.map(([name, value]) => {
      const asked = name === "from" || name === "to" ? new Date(value).toISOString() : value;
      return `&${name}=${encodeURIComponent(asked)}`;
    }).join("");
  }

  focus() {
    this.root.elements.number.focus();
  }
}

function field(name, label, input) {
  input.setAttribute("name", name);
  return element("label", { class: `filter-${name}` }, element("span", {}, label), input);
}

function row(call, now) {
  const cell = (kind, text) => element("span", { class: kind }, element("bdi", {}, text));
  const why = call.state === "ended" ? reasonText(call.reason) : call.state;
  return element(
    "li", { "data-result": call.result ?? "", "data-id": call.call_id },
    callLink(
      call.call_id,
      cell("when", moment(call.started_at, now)), cell("who", partiesText(call)), cell("plan wide", named(call.plan)),
      cell("why", why), cell("gap wide", call.turn_gap_ms === null ? "–" : `${call.turn_gap_ms} ms`),
      cell("cost wide", costText(call)), cell("long", duration((call.duration_ms ?? 0) / 1000)),
    ),
  );
}
