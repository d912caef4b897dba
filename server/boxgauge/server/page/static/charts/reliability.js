// What scores mean: precision of the detections of each bin of scores, against the score itself.

import { svg } from "../dom.js";
import { chart, xAxis, yAxis } from "./frame.js";
import { linear } from "./scale.js";

const HEIGHT = 260;
const LEFT = 34;
const TOP = 10;
const BOTTOM = HEIGHT - 34;
const MARKS = [0, 0.25, 0.5, 0.75, 1];

// Returns the chart of bins [{score, precision, detections}]; a dot's area is its detections.
export function reliability(bins) {
  const over = bins.filter((each) => each.score > each.precision).length;
  return chart({
    height: HEIGHT,
    label: `Precision against mean score in ${bins.length} bins of scores; in ${over} of them scores are higher than precision`,
    draw: (width) => drawing(width, bins),
  });
}

function drawing(width, bins) {
  const right = width - 10;
  const x = linear([0, 1], [LEFT, right]);
  const y = linear([0, 1], [BOTTOM, TOP]);
  const most = Math.max(...bins.map((each) => each.detections));
  return [
    yAxis(y, MARKS, LEFT, right, (value) => (value % 0.5 ? "" : String(value))),
    xAxis(x, MARKS, BOTTOM, (value) => (value % 0.5 ? "" : String(value))),
    svg("line", { class: "ideal", x1: x(0), y1: y(0), x2: x(1), y2: y(1) }),
    svg("text", { class: "axis", x: right, y: HEIGHT - 4, "text-anchor": "end" }, "mean score →"),
    svg("text", { class: "axis", x: LEFT + 6, y: TOP + 8 }, "↑ precision"),
    bins.map((each) =>
      svg("line", {
        class: "gap",
        x1: x(each.score),
        x2: x(each.score),
        y1: y(each.score),
        y2: y(each.precision),
      }),
    ),
    bins.map((each) =>
      svg(
        "circle",
        {
          class: "bin",
          cx: x(each.score),
          cy: y(each.precision),
          r: Math.max(2.5, 9 * Math.sqrt(each.detections / most)),
        },
        svg(
          "title",
          {},
          `${each.detections} detections: mean score ${each.score.toFixed(3)}, precision ${each.precision.toFixed(3)}`,
        ),
      ),
    ),
  ];
}
