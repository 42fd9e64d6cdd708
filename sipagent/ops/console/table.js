// Tables of texts.

import { element } from "./dom.js";

/** Return a table with these names and rows of texts or elements; without rows null. */
export function table(names, rows) {
  if (rows.length === 0) return null;
  const cell = (value, index) => element("td", { "data-name": names[index] }, typeof value === "string" ? element("bdi", {}, value) : value);
  return element(
    "table", { class: "list still" },
    element("thead", {}, element("tr", {}, ...names.map((name) => element("th", { scope: "col" }, name)))),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map(cell)))),
  );
}
