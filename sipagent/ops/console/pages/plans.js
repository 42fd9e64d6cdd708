// The plans: which are in use, what is wrong with what is not, versions to go back to, and the time
// machine: what the files in the folder would have made of past calls.

import { post, read } from "../api.js";
import { announce, callLink, element, facts, setText } from "../dom.js";
import { visible } from "../json_text.js";
import { keyButton, keyLine, listen } from "../keys.js";
import { table } from "../table.js";
import { moment, named, plainNumber } from "../words.js";

export const title = "Plans";

const LIMIT_MS = 60_000; // checking executes the plans' Python
const MOST_SHOWN = 200;

export function mount(main, box) {
  let isGone = false;
  const outcome = element("p", { class: "outcome", role: "status" });
  const state = element("div", {});
  const problems = element("section", { "aria-label": "Problems" });
  const found = element("section", { "aria-label": "What was found" });
  const inUse = element("section", { "aria-label": "Plans in use" });
  const versions = element("section", { "aria-label": "Versions" });
  const count = element("input", { type: "number", min: "1", max: "10000", value: "1000", "aria-label": "How many of the last calls" });
  const buttons = {
    c: keyButton("Check the folder", "c", {}, () => work(check)),
    l: keyButton("Load the folder", "l", {}, () => work(reload)),
    t: keyButton("Ask past calls", "t", {}, () => work(replay)),
  };
  main.append(
    element("h1", { class: "unseen" }, title), state,
    element("div", { class: "tools" }, buttons.c, buttons.l, element("span", { class: "ask" }, buttons.t, element("label", {}, "of the last ", count))),
    outcome, problems, found, inUse, versions,
    keyLine(["c", "check"], ["l", "load"], ["t", "ask past calls: which would go elsewhere"]),
  );

  async function load() {
    try {
      show(await read("api/v1/plans"));
    } catch (error) {
      tell(`Not loaded: ${visible(error.message)}`, "fault");
    }
  }

  function show(plans) {
    if (isGone) return;
    const { version, sha, loaded_at: loadedAt, is_current: isCurrent, is_rolled_back: isRolledBack } = plans;
    const how = isCurrent ? "what is in the folder" : isRolledBack ? "an older version, rolled back to" : "older than the folder, which cannot be used";
    state.replaceChildren(facts([
      ["Version", String(version)], ["Hash", visible(sha)], ["Loaded", moment(loadedAt, box.now())],
      ["In use", element("span", { class: isCurrent ? undefined : "poor" }, how)],
    ]));
    section(problems, "Problems", problemTable(plans.problems));
    section(inUse, "Plans in use", table(["Plan", "File", "Called", "Priority", "Personas"], plans.plans.map((each) => [
      named(each.name), visible(each.file), visible(each.called.join(", ")), String(each.priority), visible(each.agents.join(", ")),
    ])));
    section(versions, "Versions", table(["Version", "Hash", "Loaded", "Plans", ""], plans.versions.map((each) => [
      String(each.version), visible(each.sha), moment(each.loaded_at, box.now()), visible(each.plans.join(", ")),
      each.version === version ? "in use" : rollBackButton(each.version),
    ])));
  }

  function rollBackButton(version) {
    const button = element("button", { type: "button", "aria-label": `Roll back to version ${version}` }, "Roll back");
    button.addEventListener("click", () => work(async (options) => {
      await post("api/v1/plans/rollback", { version }, options);
      tell(`Version ${version} is in use until the next edit`, "done");
    }));
    return button;
  }

  async function check(options) {
    const { is_right: isRight, problems: all } = await (await post("api/v1/plans/check", {}, options)).json();
    section(found, "Check", problemTable(all));
    tell(isRight ? "The folder is right" : "The folder is wrong", isRight ? "done" : "fault");
  }

  async function reload(options) {
    try {
      await post("api/v1/plans/reload", {}, options);
      tell("Loaded", "done");
    } catch (error) {
      if (error.status !== 422) throw error;
      tell("Not loaded: the folder is wrong, and what was in use stays in use", "fault");
    }
  }

  async function replay(options) {
    const asked = Math.max(1, Math.min(10_000, Math.round(Number(count.value)) || 1));
    const { calls, rerouted } = await (await post("api/v1/plans/replay", { calls: asked }, options)).json();
    const rows = rerouted.slice(0, MOST_SHOWN).map((each) => [
      callLink(each.call_id, moment(each.at, box.now())),
      `${named(each.caller)} → ${named(each.called)}`, named(each.was), named(each.now), visible(each.why),
    ]);
    section(found, "Would go elsewhere", table(["Call", "Who", "Was", "Would be", "Why"], rows));
    const more = rerouted.length > MOST_SHOWN ? `; the first ${MOST_SHOWN} are shown` : "";
    tell(`${plainNumber(rerouted.length)} of ${plainNumber(calls)} calls would go elsewhere${more}`, rerouted.length > 0 ? "late" : "done");
  }

  async function work(does) {
    const all = main.querySelectorAll("button");
    all.forEach((each) => { each.disabled = true; });
    found.replaceChildren();
    tell("Working…", "");
    try {
      await does({ signal: AbortSignal.timeout(LIMIT_MS) });
    } catch (error) {
      tell(`Not done: ${visible(error.message)}`, "fault");
    }
    all.forEach((each) => { each.disabled = false; });
    load();
  }

  function tell(text, kind) {
    setText(outcome, text);
    outcome.dataset.outcome = kind;
  }

  function onKey(key, event) {
    if (!(key in buttons)) return false;
    if (!event.repeat) buttons[key].click();
    return true;
  }

  load();
  const ends = [listen(onKey), box.plans.watch(() => {
    announce(box.plans.isBroken ? "The plans in the folder are wrong" : "The plans have changed");
    load();
  })];
  return () => {
    isGone = true;
    ends.forEach((end) => end());
  };
}

/** Show a table under its name; without rows nothing. */
function section(where, name, shown) {
  where.replaceChildren(...(shown === null ? [] : [element("h2", {}, name), element("div", { class: "scroll" }, shown)]));
}

function problemTable(problems) {
  return table(["", "File", "Line", "Key", "What"], problems.map((each) => [
    element("span", { class: "chip", "data-state": each.severity }, visible(each.severity)),
    visible(each.file), each.line > 0 ? String(each.line) : "", visible(each.key), visible(each.text),
  ]));
}
