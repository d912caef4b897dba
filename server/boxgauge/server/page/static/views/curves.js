// Precision and recall: the curves, the operating point and the best threshold.

import { precisionRecall } from "../charts/curves.js";
import { el } from "../dom.js";
import { count, ratio } from "../format.js";
import { empty, heading } from "../sections.js";

export function buildCurves({ curves, point, best }) {
  return [
    heading(
      "Precision and recall",
      `Mean over classes that have objects; the ring is the operating point, at IoU ${ratio(point.iou_threshold, 2)}, all classes together.`,
    ),
    curves.length > 0
      ? precisionRecall(curves, point)
      : empty("No curves: they take labelled images with objects."),
    el(
      "div",
      {
        class: "scroll",
        "data-keep": "points",
        tabindex: 0,
        role: "region",
        "aria-label": "Thresholds",
      },
      el(
        "table",
        { class: "points" },
        el(
          "thead",
          {},
          el(
            "tr",
            {},
            ["", "Score ≥", "Precision", "Recall", "F1", "TP", "FP", "FN"].map((each) =>
              el("th", { scope: "col" }, each),
            ),
          ),
        ),
        el(
          "tbody",
          {},
          row("Operating point", point, f1(point)),
          best ? row("Highest F1", best, best.f_beta) : null,
        ),
      ),
    ),
  ];
}

function row(name, point, f) {
  const texts = [
    ratio(point.score_threshold),
    ratio(point.precision),
    ratio(point.recall),
    ratio(f),
    count(point.true_positives),
    count(point.false_positives),
    count(point.false_negatives),
  ];
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, name),
    texts.map((text) => el("td", {}, text)),
  );
}

function f1({ true_positives: tp, false_positives: fp, false_negatives: fn, recall }) {
  return recall === null ? null : (2 * tp) / (2 * tp + fp + fn);
}
