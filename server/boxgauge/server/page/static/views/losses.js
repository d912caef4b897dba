// What scores mean, and the losses of what was matched.

import { bars } from "../charts/bars.js";
import { reliability } from "../charts/reliability.js";
import { el } from "../dom.js";
import { count, counted, number, ratio } from "../format.js";
import { empty, fact, heading } from "../sections.js";

export function buildCalibration(calibration) {
  const bins = calibration.detections
    .map((detections, k) => ({
      detections,
      score: calibration.mean_scores[k],
      precision: calibration.true_positives[k] / detections,
    }))
    .filter((each) => each.detections > 0);
  if (bins.length === 0) {
    return [
      heading("Calibration", "What scores mean."),
      empty("Nothing to compare yet: it takes detections on labelled images."),
    ];
  }
  const high = bins
    .filter((each) => each.score > each.precision)
    .reduce((sum, each) => sum + each.detections, 0);
  const all = bins.reduce((sum, each) => sum + each.detections, 0);
  const verdict =
    high > all / 2
      ? "most detections score higher than they hit"
      : "most detections hit at least as often as they score";
  return [
    heading(
      "Calibration",
      "Of detections that score s, how many hit? On the diagonal s of them; below it, the model is too sure. A dot’s area is its detections.",
    ),
    reliability(bins),
    el(
      "dl",
      { class: "facts one" },
      fact("D-ECE", ratio(calibration.d_ece), `over ${counted(all, "detection")}; ${verdict}`),
    ),
  ];
}

export function buildLosses({ losses, means }) {
  const title = heading(
    "Losses",
    "Of what was matched: mean, and how the values are spread, in bins of unequal width.",
  );
  const old = Object.entries(means).filter(
    ([name, mean]) => mean !== null && !losses.some((each) => each.name.startsWith(name)),
  );
  if (losses.length === 0 && old.length === 0)
    return [title, empty("No losses yet: they take matched pairs.")];
  return [
    title,
    old.length > 0 &&
      el(
        "dl",
        { class: "facts" },
        old.map(([name, mean]) => fact(`mean ${name} loss`, number(mean))),
      ),
    losses.map(loss),
  ];
}

function loss({ name, count: values, mean, edges, counts, not_finite: notFinite }) {
  const shares = counts.map((each) => each / Math.max(values, 1));
  const names = counts.map((_, k) =>
    k + 1 < edges.length
      ? `${number(edges[k])} to ${number(edges[k + 1])}`
      : `from ${number(edges[k])}`,
  );
  return el(
    "div",
    { class: "loss" },
    el(
      "dl",
      { class: "facts one" },
      fact(
        name,
        number(mean),
        `mean of ${counted(values, "value")}${notFinite ? `, ${count(notFinite)} not finite` : ""}`,
      ),
    ),
    values > 0 &&
      counts.length > 1 &&
      bars({
        shares,
        names,
        ends: [number(edges[0]), `from ${number(edges.at(-1))}`],
        label: `Distribution of ${name} over ${counts.length} bins, mean ${number(mean)}`,
      }),
  );
}
