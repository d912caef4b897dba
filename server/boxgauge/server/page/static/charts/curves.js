// Precision over recall.

import { el, svg } from "../dom.js";
import { chart, pathOf, xAxis, yAxis } from "./frame.js";
import { linear } from "./scale.js";
import { ratio } from "../format.js";

const HEIGHT = 260;
const LEFT = 34;
const TOP = 10;
const BOTTOM = HEIGHT - 34;
const MARKS = [0, 0.25, 0.5, 0.75, 1];

// Returns the chart of curves [{iou, precision: 101 values}], each named at its side, and the
// operating point.
export function precisionRecall(curves, point) {
  const names = curves.map((each) => `IoU ${each.iou}`);
  return [
    el(
      "ul",
      { class: "legend" },
      names.map((name, k) => el("li", { class: `curve-${k}` }, name)),
    ),
    chart({
      height: HEIGHT,
      label: `Precision over recall at ${names.join(", ")}: ${curves.map(inWords).join("; ")}`,
      draw: (width) => drawing(width, curves, point),
    }),
  ];
}

function inWords(curve) {
  const at = [25, 50, 75].map((k) => `${ratio(curve.precision[k], 2)} at recall ${k / 100}`);
  return `IoU ${curve.iou} ${at.join(", ")}`;
}

function drawing(width, curves, point) {
  const right = width - 10;
  const x = linear([0, 1], [LEFT, right]);
  const y = linear([0, 1], [BOTTOM, TOP]);
  const hasPoint = point && point.precision !== null && point.recall !== null;
  return [
    yAxis(y, MARKS, LEFT, right, (value) => (value % 0.5 ? "" : String(value))),
    xAxis(x, MARKS, BOTTOM, (value) => (value % 0.5 ? "" : String(value))),
    svg("text", { class: "axis", x: right, y: HEIGHT - 4, "text-anchor": "end" }, "recall →"),
    svg("text", { class: "axis", x: LEFT + 6, y: BOTTOM - 8 }, "↑ precision"),
    curves.map((curve, k) =>
      svg("path", {
        class: `line curve-${k}`,
        d: pathOf([...curve.precision].map((value, r) => [x(r / 100), y(value)])),
      }),
    ),
    hasPoint && [
      svg("circle", { class: "operating", cx: x(point.recall), cy: y(point.precision), r: 4.5 }),
      svg(
        "text",
        {
          class: "note",
          x: x(point.recall) - 9,
          y: y(point.precision) - 8,
          "text-anchor": point.recall > 0.35 ? "end" : "start",
        },
        `score ≥ ${ratio(point.score_threshold, 2)}`,
      ),
    ],
  ];
}
