// A list as long as it wants to be: only the rows that are seen are in the page.

import { element } from "./dom.js";

const MORE_PX = 400; // below what is seen: rows that come next are there before they are

export class Rows {
  #count = 0;
  #shown = new Map();
  #rowOf;
  #onEnd;

  /** `rowOf(index)` makes one, all `height` px tall; `onEnd()` is told when the last ones come near. */
  constructor(label, height, rowOf, onEnd) {
    this.height = height;
    this.#rowOf = rowOf;
    this.#onEnd = onEnd;
    this.list = element("ol", { "aria-label": label });
    this.root = element("div", { class: "rows", tabindex: "-1" }, this.list);
    this.root.addEventListener("scroll", () => this.#show());
    this.resized = new ResizeObserver(() => this.#show());
    this.resized.observe(this.root);
  }

  /** Have so many; those that are shown are made again if `isNew`. */
  set(count, isNew) {
    this.#count = count;
    if (isNew) {
      this.#shown.forEach((row) => row.remove());
      this.#shown.clear();
      this.root.scrollTop = 0;
    }
    this.list.style.height = `${count * this.height}px`;
    this.#show();
  }

  /** Bring one into sight, and its link to the keyboard. */
  focus(index) {
    const { scrollTop, clientHeight } = this.root;
    if (index * this.height < scrollTop) this.root.scrollTop = index * this.height;
    else if ((index + 1) * this.height > scrollTop + clientHeight) this.root.scrollTop = (index + 1) * this.height - clientHeight;
    this.#show();
    this.#shown.get(index)?.querySelector("a").focus({ preventScroll: true });
  }

  /** Let go of the page. */
  close() {
    this.resized.disconnect();
  }

  #show() {
    const { scrollTop, clientHeight } = this.root;
    const first = Math.max(0, Math.floor((scrollTop - MORE_PX) / this.height));
    const last = Math.min(this.#count, Math.ceil((scrollTop + clientHeight + MORE_PX) / this.height));
    for (const [index, row] of this.#shown) {
      if (index >= first && index < last) continue;
      row.remove();
      this.#shown.delete(index);
    }
    for (let index = first; index < last; index += 1) {
      if (this.#shown.has(index)) continue;
      const row = this.#rowOf(index);
      row.style.top = `${index * this.height}px`;
      row.setAttribute("aria-posinset", String(index + 1));
      row.setAttribute("aria-setsize", "-1"); // nobody knows how many there are
      const next = [...this.#shown].filter(([other]) => other > index).sort(([one], [other]) => one - other)[0];
      this.list.insertBefore(row, next ? next[1] : null);
      this.#shown.set(index, row);
    }
    if (last >= this.#count) this.#onEnd();
  }
}
