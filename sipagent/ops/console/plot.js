// Bars by day, as inline SVG: colours are those of the style sheet, in both schemes.

import { element } from "./dom.js";

const NAMESPACE = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP] = [420, 150, 50, 20, 8];

/**
 * Return a figure with one bar for each day.
 *
 * `days`: names, oldest first; `stacks`: pairs of class and the values of all days, drawn on each
 * other (null: not known); `textOf(value)`: a value in words.
 */
export function bars(name, days, stacks, textOf) {
  const sums = days.map((_, day) => stacks.reduce((sum, [, values]) => sum + (values[day] ?? 0), 0));
  const top = niceTop(Math.max(...sums, 0));
  const wide = (WIDTH - LEFT) / Math.max(days.length, 1);
  const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
  const drawn = [];
  for (const value of [0, top / 2, top]) {
    drawn.push(shape("line", { class: "grid", x1: LEFT, x2: WIDTH, y1: y(value), y2: y(value) }));
    drawn.push(text(LEFT - 6, y(value) + 4, "end", textOf(value)));
  }
  days.forEach((day, index) => {
    let below = 0;
    const x = LEFT + wide * index + wide * 0.12;
    for (const [kind, values] of stacks) {
      const value = values[index] ?? 0;
      if (value <= 0) continue;
      drawn.push(shape("rect", { class: `bar ${kind}`, x, width: wide * 0.76, y: y(below + value), height: y(below) - y(below + value) }));
      below += value;
    }
    const every = Math.ceil(days.length / 6);
    if (index % every === 0) drawn.push(text(x + wide * 0.38, HEIGHT - 5, "middle", day.slice(5)));
  });
  const picture = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${name}; the table below has the numbers` });
  picture.append(...drawn);
  return element("figure", { class: "plot" }, element("figcaption", {}, name), picture);
}

/** The end of an axis: 1, 2 or 5 of some power of ten, and not below what is shown. */
export function niceTop(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((each) => each * power).find((each) => each >= value) ?? 10 * power;
}

function shape(tag, attributes) {
  const made = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function text(x, y, anchor, written) {
  const made = shape("text", { x, y, "text-anchor": anchor });
  made.textContent = written;
  return made;
}
