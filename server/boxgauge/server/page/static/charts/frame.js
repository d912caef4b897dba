// What all charts share: they are drawn as wide as there is room, again when that changes.

import { el, svg } from "../dom.js";

const observer = new ResizeObserver((entries) => {
  for (const entry of entries) entry.target.draw?.(Math.floor(entry.contentRect.width));
});

// Returns a chart; `draw(width)` returns the SVG elements, `label` says in words what is to be seen.
export function chart({ height, label, draw, attributes = {} }) {
  const box = el("div", { class: "chart" });
  let drawn = 0;
  box.draw = (width) => {
    if (!box.isConnected) observer.unobserve(box);
    if (width === 0 || width === drawn) return;
    drawn = width;
    box.redraw();
  };
  box.redraw = () => {
    if (drawn === 0) return;
    const image = svg("svg", {
      width: drawn,
      height,
      viewBox: `0 0 ${drawn} ${height}`,
      role: "img",
      "aria-label": label,
      ...attributes,
    });
    image.append(...draw(drawn).flat(Infinity).filter(Boolean));
    box.replaceChildren(image);
  };
  observer.observe(box);
  return box;
}

// Returns the marks of a vertical axis with a hairline each.
export function yAxis(scale, values, left, right, text) {
  return values.map((value) => [
    svg("line", { class: "grid", x1: left, x2: right, y1: scale(value), y2: scale(value) }),
    svg(
      "text",
      { class: "tick", x: left - 6, y: scale(value), dy: "0.32em", "text-anchor": "end" },
      text(value),
    ),
  ]);
}

// Returns the marks of a horizontal axis; the outer ones stay inside.
export function xAxis(scale, values, bottom, text) {
  return values.map((value, k) =>
    svg(
      "text",
      {
        class: "tick",
        x: scale(value),
        y: bottom + 15,
        "text-anchor": k === 0 ? "start" : k === values.length - 1 ? "end" : "middle",
      },
      text(value),
    ),
  );
}

export function pathOf(points) {
  return points.map(([x, y], k) => `${k ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
}

// Returns the outline of a band from its upper and its lower points, both from left to right.
export function bandOf(upper, lower) {
  return `${pathOf(upper)}L${pathOf([...lower].reverse()).slice(1)}Z`;
}
