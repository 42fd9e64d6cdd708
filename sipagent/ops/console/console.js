// The console: follows the box, shows its state on one line, and one page below it.
// A page is a module with a title and `mount(main, box, what)`, which returns how to take it away
// again; what: the rest of the address, such as the id of a call.

import { token } from "./api.js";
import { Calls } from "./calls.js";
import { element } from "./dom.js";
import * as approvals from "./pages/approvals.js";
import * as call from "./pages/call.js";
import * as calls from "./pages/calls.js";
import * as figures from "./pages/figures.js";
import * as past from "./pages/past.js";
import * as plans from "./pages/plans.js";
import { Plans } from "./plans.js";
import { Questions } from "./questions.js";
import { follow } from "./stream.js";

const PAGES = new Map([["calls", calls], ["past", past], ["approvals", approvals], ["plans", plans], ["figures", figures]]);
const PAGES_OF_ONE = new Map([["call", call]]);
const FIRST_PAGE = "calls";
const REFUSED_AGAIN_MS = 5_000;

const byId = (id) => document.getElementById(id);

/** What pages know of the box. */
const box = {
  questions: new Questions(),
  calls: new Calls(),
  plans: new Plans(),
  status: undefined, // what `/readyz` said last
  aheadMs: 0,
  /** The box's time, in milliseconds since 1970. */
  now() {
    return Date.now() + this.aheadMs;
  },
};

// Pages, by the part of the address behind the hash.

let unmount = () => {};

function address() {
  const [, name = "", what = ""] = location.hash.match(/^#\/?([^/]*)\/?(.*)$/) ?? [];
  if (PAGES_OF_ONE.has(name) && what) return { page: PAGES_OF_ONE.get(name), what: decoded(what) };
  return { page: PAGES.get(name) ?? PAGES.get(FIRST_PAGE), what: "" };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function showPage() {
  const { page, what } = address();
  unmount();
  byId("page").replaceChildren();
  scrollTo(0, 0);
  document.title = `${page.title} · sipagent`;
  unmount = page.mount(byId("page"), box, what);
  showNavigation();
}

function showNavigation() {
  const count = box.questions.waiting.length;
  const shown = address().page;
  const links = [...PAGES].map(([name, page]) => {
    const isCurrent = page === shown;
    const link = element("a", { href: `#/${name}`, "aria-current": isCurrent ? "page" : undefined }, page.title);
    if (page === approvals && count > 0) link.append(" ", element("span", { class: "count" }, String(count)));
    if (page === plans && box.plans.isBroken) link.append(" ", element("span", { class: "count broken", "aria-label": "broken" }, "!"));
    return link;
  });
  byId("pages").replaceChildren(...links);
  document.title = `${count > 0 ? `(${count}) ` : ""}${document.title.replace(/^\(\d+\) /, "")}`;
}

// The box's state, and how we hear of it.

const heard = { link: "lost" };

function showBox() {
  const { link } = heard;
  const { status } = box;
  const state = link === "lost" || !status ? "unknown" : status.ready ? "ready" : "not-ready";
  byId("box").dataset.state = state;
  byId("box-text").textContent = state === "unknown" ? "Not connected" : describe(status, link);
}

function describe(status, link) {
  const reasons = status.reasons.join(", ");
  const parts = [status.ready ? "Ready" : reasons.charAt(0).toUpperCase() + reasons.slice(1)];
  parts.push(`${status.calls_in_use} of ${status.call_limit} calls`);
  if (status.attached_limit > 0) parts.push(`${status.attached_calls} of ${status.attached_limit} attached`);
  if (link === "polling") parts.push("polling");
  return parts.join(" · ");
}

function showBanner(text) {
  byId("banner").hidden = text === "";
  byId("banner").textContent = text;
}

const on = {
  event(name, content) {
    if (name === "status") {
      box.status = content;
      showBox();
    } else {
      box.questions.event(name, content);
      box.calls.event(name, content, box.now());
      box.plans.event(name, content);
    }
  },
  link(link) {
    heard.link = link;
    showBanner(link === "lost" ? "Connection lost. What is shown may be out of date. Trying again…" : "");
    showBox();
  },
  clock(aheadMs) {
    box.aheadMs = aheadMs;
  },
};

// Who may ask.

function askToken(fault) {
  const dialog = byId("token");
  const input = byId("token-text");
  byId("token-fault").textContent = fault;
  input.value = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.oncancel = (event) => event.preventDefault(); // there is nothing behind it
    dialog.querySelector("form").onsubmit = (event) => {
      event.preventDefault();
      token.keep(input.value.trim());
      dialog.close();
      resolve();
    };
  });
}

async function run() {
  for (;;) {
    const refusal = await follow(on);
    heard.link = "lost";
    showBox();
    if (refusal.status === 401) {
      const fault = token.is_set ? "The box does not accept this token." : "";
      token.forget();
      showBanner("");
      await askToken(fault);
    } else {
      showBanner(`The box refuses: ${refusal.message}.`);
      await new Promise((resolve) => { setTimeout(resolve, REFUSED_AGAIN_MS); });
    }
  }
}

addEventListener("hashchange", showPage);
box.questions.watch(showNavigation);
box.plans.watch(showNavigation);
showPage();
run();
