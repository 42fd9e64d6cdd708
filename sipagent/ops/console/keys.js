// Keys: every page can be used without a pointer, and shows by which ones.

import { element } from "./dom.js";

/**
 * Have `onKey(key, event)` told of keys that are meant for the page; true: it was.
 *
 * In a field keys are text; Escape leaves it. Returns how to end it.
 */
export function listen(onKey) {
  const heard = (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (target.matches("input:not([type=checkbox]), select, textarea")) {
      if (key === "Escape") target.blur();
      return;
    }
    if (onKey(key, event)) event.preventDefault();
  };
  document.addEventListener("keydown", heard);
  return () => document.removeEventListener("keydown", heard);
}

/** How far a key moves in a list: 1, -1, or undefined. */
export function stepOf(key) {
  return { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[key];
}

/** The line of keys below a page: pairs of key and what it does. */
export function keyLine(...pairs) {
  const each = ([key, text]) => element("span", {}, element("kbd", {}, key), ` ${text}`);
  return element("footer", { class: "keys" }, ...pairs.map(each));
}

/** A button with its key on it. */
export function keyButton(text, key, attributes, onClick) {
  const button = element(
    "button", { type: "button", "aria-keyshortcuts": key, ...attributes },
    text, element("kbd", { "aria-hidden": "true" }, key),
  );
  button.addEventListener("click", onClick);
  return button;
}
