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

/** Have a screen reader say something. */
export function announce(text) {
  document.getElementById("announcer").textContent = text;
}
