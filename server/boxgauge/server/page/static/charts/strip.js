// A value with its intervals on one line, beside the figures that say the same.

import { svg } from "../dom.js";

const at = (value, [low, high]) => `${(((value - low) / (high - low)) * 100).toFixed(3)}%`;

// Returns a strip over `domain`: the 95% interval pale, the certified one dark, the value a tick.
export function strip({ value, certified, confidence, domain = [0, 1], zero = false }) {
  const width = ([low, high]) => `${(((high - low) / (domain[1] - domain[0])) * 100).toFixed(3)}%`;
  return svg(
    "svg",
    { class: "strip", height: 14, "aria-hidden": "true" },
    svg("line", { class: "track", x1: 0, x2: "100%", y1: 7, y2: 7 }),
    zero && svg("line", { class: "zero", x1: at(0, domain), x2: at(0, domain), y1: 0, y2: 14 }),
    confidence &&
      svg("rect", {
        class: "confidence",
        x: at(confidence[0], domain),
        width: width(confidence),
        y: 3,
        height: 8,
        rx: 1,
      }),
    certified &&
      svg("rect", {
        class: "certified",
        x: at(certified[0], domain),
        width: width(certified),
        y: 3,
        height: 8,
      }),
    value !== null &&
      svg("line", { class: "point", x1: at(value, domain), x2: at(value, domain), y1: 1, y2: 13 }),
  );
}
