// Figures of the last days, plotted and as a table, and how the box is.

import { read } from "../api.js";
import { element, facts, setText } from "../dom.js";
import { visible } from "../json_text.js";
import { keyLine, listen } from "../keys.js";
import { bars } from "../plot.js";
import { table } from "../table.js";
import { amount, duration, moment, named, plainNumber } from "../words.js";

export const title = "Figures";

const DAYS = 30;
const DAY_MS = 86_400_000;

export function mount(main, box) {
  let isGone = false;
  let all = [];
  const told = element("p", { class: "outcome", role: "status" });
  const plan = element("select", { "aria-label": "Plan" });
  const plots = element("div", { class: "plots" });
  const numbers = element("section", { "aria-label": "By day" });
  const state = element("section", { "aria-label": "The box" });
  plan.addEventListener("change", show);
  main.append(
    element("h1", { class: "unseen" }, title), element("p", { class: "tools" }, element("label", {}, "Plan ", plan), `the last ${DAYS} days (UTC)`),
    told, plots, state, numbers, keyLine(["u", "look again"]),
  );

  async function load() {
    const from = new Date(box.now() - (DAYS - 1) * DAY_MS).toISOString().slice(0, 10);
    try {
      all = (await read(`api/v1/figures?from=${from}`)).figures;
      setText(told, "");
    } catch (error) {
      setText(told, `Not loaded: ${visible(error.message)}`);
    }
    const names = [...new Set(all.map((each) => each.plan))].sort();
    const chosen = plan.value;
    const option = (value, text) => element("option", { value }, text);
    plan.replaceChildren(option("*", "all"), ...names.map((name) => option(`=${name}`, name ? visible(name) : "none took it")));
    plan.value = names.includes(chosen.slice(1)) && chosen.startsWith("=") ? chosen : "*";
    if (!isGone) show();
    const trunks = await read("api/v1/trunks").catch(() => ({ trunks: [] }));
    if (!isGone) showBox(state, box, trunks.trunks);
  }

  function show() {
    const days = [...Array(DAYS).keys()].map((index) => new Date(box.now() - (DAYS - 1 - index) * DAY_MS).toISOString().slice(0, 10));
    const wanted = all.filter((each) => plan.value === "*" || plan.value === `=${each.plan}`);
    const sums = days.map((day) => sumOf(day, wanted.filter((each) => each.day === day)));
    const of = (key) => sums.map((each) => each[key]);
    plots.replaceChildren(
      bars("Calls: completed, failed, other", days, [["good", of("completed")], ["bad", of("failed")], ["other", of("other")]], plainNumber),
      bars("Turn gap, median", days, [["accent", of("gapMs")]], (value) => `${Math.round(value)} ms`),
      bars("Cost", days, [["warn", of("cost")]], plainNumber),
    );
    const rows = sums.filter((each) => each.calls > 0).reverse().map((each) => [
      each.day, plainNumber(each.calls), plainNumber(each.answered), plainNumber(each.completed), plainNumber(each.failed),
      duration(each.durationMs / 1000), amount(each.gapMs, " ms"), plainNumber(each.tokens), plainNumber(each.cost),
    ]);
    const names = ["Day", "Calls", "Answered", "Completed", "Failed", "Talked", "Turn gap", "Tokens", "Cost"];
    const shown = table(names, rows) ?? element("p", { class: "empty" }, "No calls in these days");
    numbers.replaceChildren(element("h2", {}, "By day"), element("div", { class: "scroll" }, shown));
  }

  load();
  const unlisten = listen((key) => {
    if (key === "u") load();
    return key === "u";
  });
  return () => {
    isGone = true;
    unlisten();
  };
}

/** One day of all plans that are wanted; its gap is that of the plans, weighed by their calls. */
function sumOf(day, figures) {
  const sum = (key) => figures.reduce((total, each) => total + (each[key] ?? 0), 0);
  const timed = figures.filter((each) => each.turn_gap_ms !== null);
  const weight = timed.reduce((total, each) => total + each.calls, 0);
  const gap = timed.reduce((total, each) => total + each.turn_gap_ms * each.calls, 0) / weight;
  return {
    day, calls: sum("calls"), answered: sum("answered"), completed: sum("completed"), failed: sum("failed"),
    other: sum("calls") - sum("completed") - sum("failed"), durationMs: sum("duration_ms"),
    tokens: sum("input_tokens") + sum("output_tokens"), gapMs: weight > 0 ? Math.round(gap) : null,
    cost: figures.some((each) => each.cost !== null) ? sum("cost") : null,
  };
}

function showBox(where, box, trunks) {
  const { status } = box;
  const ready = status === undefined ? "not known" : status.ready ? "yes" : visible(status.reasons.join(", "));
  const rows = trunks.map((each) => [
    named(each.name), visible(each.state), each.status ? String(each.status) : "–", visible(each.reason),
    amount(each.expires_s, " s"), moment(each.told_at, box.now()),
  ]);
  const shown = table(["Trunk", "State", "Status", "Reason", "Expires", "Told"], rows);
  where.replaceChildren(
    element("h2", {}, "The box"),
    facts([
      ["Takes calls", ready],
      ["Calls", status === undefined ? "" : `${status.calls_in_use} of ${status.call_limit}`],
      ["Attached", status?.attached_limit > 0 ? `${status.attached_calls} of ${status.attached_limit}` : ""],
    ]),
    ...(shown === null ? [] : [element("div", { class: "scroll" }, shown)]),
  );
}
