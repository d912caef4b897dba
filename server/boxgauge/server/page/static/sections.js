// Parts of a view that are drawn again only when what they show has changed.

import { el, replace } from "./dom.js";

export class Sections {
  constructor(parent) {
    this.parent = parent;
    this.shown = new Map();
  }

  // Shows a part; `build(data, redraw)` returns its nodes, none where there is nothing to show. A
  // part whose data is null keeps its place.
  show(key, kind, data, build) {
    let part = this.shown.get(key);
    if (!part) {
      part = { element: el("section", { class: kind, id: `part-${key}` }), text: null };
      this.shown.set(key, part);
      this.parent.append(part.element);
    }
    part.element.className = kind;
    const text = JSON.stringify(data);
    if (text === part.text) return;
    part.text = text;
    const redraw = () => {
      const nodes = data === null ? [] : [build(data, redraw)].flat(Infinity).filter(Boolean);
      part.element.hidden = nodes.length === 0;
      replace(part.element, nodes);
    };
    redraw();
  }
}

// Returns a heading with a line that says what is below it.
export function heading(title, lead) {
  return el(
    "div",
    { class: "heading" },
    el("h2", {}, title),
    lead && el("p", { class: "soft" }, lead),
  );
}

export function empty(...said) {
  return el("p", { class: "empty" }, ...said);
}

// Returns a labelled figure; `aside` stands small beside it.
export function fact(name, value, aside) {
  return el(
    "div",
    { class: "fact" },
    el("dt", {}, name),
    el("dd", {}, value, aside && el("small", {}, ` ${aside}`)),
  );
}
