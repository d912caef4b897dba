// COCO's twelve figures with their intervals.

import { strip } from "../charts/strip.js";
import { el } from "../dom.js";
import { counted, range, ratio } from "../format.js";
import { heading } from "../sections.js";

export function buildStatistics({ statistics, settings }) {
  const names = labels(settings);
  return [
    heading(
      "COCO’s figures",
      "Recall is averaged over IoU, at most so many boxes an image and class.",
    ),
    el(
      "table",
      { class: "statistics" },
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          ["Figure", "Value", "95% interval", "0 to 1"].map((each, k) =>
            el("th", { scope: "col", class: k === 3 ? "forest" : null }, each),
          ),
        ),
      ),
      el(
        "tbody",
        {},
        statistics.map((each) =>
          el(
            "tr",
            {},
            el("th", { scope: "row" }, each.name, el("small", {}, ` ${names[each.name] ?? ""}`)),
            el("td", {}, ratio(each.value)),
            el("td", { class: "interval" }, range(each.confidence)),
            el("td", { class: "forest" }, strip(each)),
          ),
        ),
      ),
    ),
  ];
}

function labels({ iou_thresholds: ious, max_detections: most }) {
  const iou =
    ious.length > 1 ? `${ious[0].toFixed(2)}–${ious.at(-1).toFixed(2)}` : ious[0].toFixed(2);
  const found = (k) => (most[k] === undefined ? "" : `≤ ${counted(most[k], "box", "boxes")}`);
  return {
    AP: `IoU ${iou}`,
    AP50: "IoU 0.50",
    AP75: "IoU 0.75",
    APs: "small",
    APm: "medium",
    APl: "large",
    AR1: found(0),
    AR10: found(1),
    AR100: found(2),
    ARs: "small",
    ARm: "medium",
    ARl: "large",
  };
}
