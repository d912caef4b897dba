// A value with both intervals on a scale of its own.

import { svg } from "../dom.js";
import { fineRange, range, ratio } from "../format.js";
import { chart } from "./frame.js";
import { linear, ratioDomain, ticks } from "./scale.js";

// Returns the chart of an AP {value, confidence, certified}.
export function ruler(ap) {
  const ends = [ap.value, ...(ap.confidence ?? []), ...(ap.certified ?? [])];
  const domain = ratioDomain(ends, 0.1);
  return chart({
    height: 54,
    label: `AP ${ratio(ap.value)}, 95% interval ${range(ap.confidence)}, certified interval ${fineRange(ap.certified)}`,
    draw: (width) => {
      const x = linear(domain, [1, width - 1]);
      const box = ([low, high], name, top, height) =>
        svg("rect", {
          class: name,
          x: x(low),
          width: Math.max(x(high) - x(low), 1),
          y: top,
          height,
        });
      return [
        svg("line", { class: "track", x1: 0, x2: width, y1: 19, y2: 19 }),
        ticks(...domain, Math.max(Math.floor(width / 70), 4)).map((each) => [
          svg("line", { class: "grid", x1: x(each), x2: x(each), y1: 4, y2: 34 }),
          svg(
            "text",
            {
              class: "tick",
              x: x(each),
              y: 50,
              "text-anchor": x(each) < 14 ? "start" : x(each) > width - 14 ? "end" : "middle",
            },
            ratio(each, 2),
          ),
        ]),
        ap.confidence && box(ap.confidence, "confidence", 11, 16),
        ap.certified && box(ap.certified, "certified", 11, 16),
        svg("line", { class: "point", x1: x(ap.value), x2: x(ap.value), y1: 6, y2: 32 }),
      ];
    },
  });
}
