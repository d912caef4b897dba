// Distributions: bars of now, and a line of the reference where there is one.

import { svg } from "../dom.js";
import { chart, pathOf } from "./frame.js";

const HEIGHT = 96;
const BOTTOM = HEIGHT - 18;

// Returns the chart of `shares`, one a bin; `names` says what each bin is, `ends` what stands
// below the first and the last.
export function bars({ shares, reference = null, names, ends, label }) {
  return chart({
    height: HEIGHT,
    label,
    draw: (width) => drawing(width, shares, reference, names, ends),
  });
}

function drawing(width, shares, reference, names, ends) {
  const most = Math.max(...shares, ...(reference ?? []), 1e-12);
  const step = width / shares.length;
  const gap = step > 6 ? 1 : 0;
  const y = (share) => BOTTOM - (share / most) * (BOTTOM - 4);
  return [
    svg("line", { class: "grid", x1: 0, x2: width, y1: BOTTOM + 0.5, y2: BOTTOM + 0.5 }),
    shares.map((share, k) =>
      svg(
        "rect",
        {
          class: "share",
          x: k * step + gap / 2,
          width: Math.max(step - gap, 0.5),
          y: y(share),
          height: BOTTOM - y(share),
        },
        svg(
          "title",
          {},
          `${names[k]}: ${(share * 100).toFixed(1)}%${reference ? `, reference ${(reference[k] * 100).toFixed(1)}%` : ""}`,
        ),
      ),
    ),
    reference &&
      svg("path", {
        class: "reference",
        d: pathOf(
          reference.flatMap((share, k) => [
            [k * step, y(share)],
            [(k + 1) * step, y(share)],
          ]),
        ),
      }),
    svg("text", { class: "tick", x: 0, y: HEIGHT - 4 }, ends[0]),
    svg("text", { class: "tick", x: width, y: HEIGHT - 4, "text-anchor": "end" }, ends[1]),
  ];
}
