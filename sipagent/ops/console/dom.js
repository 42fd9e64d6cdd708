// Elements, made of text: nothing here takes markup, and nothing else makes elements.

/** Return an element with attributes and children; a child that is a string becomes text. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** Show text, if it is another than before: a reader would lose its place. */
export function setText(where, text) {
  if (where.textContent !== text) where.textContent = text;
}

/** Return a list of names and what they are: pairs, those without anything left out. */
export function facts(pairs, attributes = {}) {
  const known = pairs.filter(([, value]) => value !== undefined && value !== "");
  const shown = known.map(([name, value]) => element(
    "div", {}, element("dt", {}, name), element("dd", {}, typeof value === "string" ? element("bdi", {}, value) : value),
  ));
  return element("dl", { class: "facts", ...attributes }, ...shown);
}

/** Return a link to the page of a call. */
export function callLink(callId, ...children) {
  return element("a", { href: `#/call/${encodeURIComponent(callId)}` }, ...children);
}

/** Have a screen reader say something. */
export function announce(text) {
  document.getElementById("announcer").textContent = text;
}
