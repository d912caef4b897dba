// The average precision with how sure it is, and how old that is.

import { ruler } from "../charts/ruler.js";
import { el } from "../dom.js";
import { counted, duration, fineRange, moment, range, ratio } from "../format.js";
import { empty, heading } from "../sections.js";

const OLD_S = 300;

export function buildHeadline(r) {
  const [ap, ap50, ap75] = r.statistics;
  const title = heading("Average precision", null);
  if (ap.value === null) return [title, empty(why(r)), r.images > 0 && basis(r)];
  return [
    title,
    el(
      "p",
      { class: "hero" },
      el("span", { class: "big" }, ratio(ap.value)),
      ap.confidence &&
        el("span", { class: "between" }, range(ap.confidence), el("small", {}, " 95%")),
    ),
    ruler(ap),
    el(
      "dl",
      { class: "explained" },
      el("dt", { class: "key confidence" }, "95% interval"),
      el(
        "dd",
        {},
        ap.confidence
          ? `${range(ap.confidence)}: how far chance in which images were seen may have moved it.`
          : "not defined: it takes at least two groups of images.",
      ),
      el("dt", { class: "key certified" }, r.is_exact ? "Exact" : "Certified"),
      el(
        "dd",
        {},
        r.is_exact
          ? "every detection is kept: the arithmetic adds no uncertainty."
          : `${fineRange(ap.certified)}: the exact value of these images lies inside, by arithmetic.`,
      ),
    ),
    el(
      "p",
      { class: "beside" },
      [
        ["AP50", ap50],
        ["AP75", ap75],
      ].map(([name, each]) =>
        el(
          "span",
          {},
          el("span", { class: "soft" }, name),
          " ",
          el("b", {}, ratio(each.value)),
          " ",
          el("span", { class: "interval" }, each.confidence ? range(each.confidence) : ""),
        ),
      ),
    ),
    basis(r),
  ];
}

function why(r) {
  if (r.predicted === 0) return "No predictions in this window yet.";
  if (r.images === 0)
    return `No labels yet: ${counted(r.predicted, "image")} predicted, none of them labelled. Send ground truth for the same image ids.`;
  return "No objects yet: the labelled images hold none that count, so that there is no precision to average.";
}

function basis(r) {
  const found = `${counted(r.images, "labelled image")}, ${counted(r.positives, "object")}, ${counted(r.detections, "detection")}`;
  return el("p", { class: "soft small" }, `Over ${found}.`);
}

// Returns one line: how old this is, and what it is about.
export function buildFreshness({
  now_us: now,
  window,
  watermark_us: watermark,
  watermark_age_s: watermarkAge,
  as_of_us: asOf,
  age_s: age,
}) {
  const span = window.until_us
    ? `${window.from_us ? moment(window.from_us, now) : "the beginning"} to ${moment(window.until_us, now)}`
    : "all that is kept";
  const said = [
    `as of ${moment(asOf, now)}, ${duration(age)} ago`,
    watermark && `newest image ${moment(watermark, now)}, ${duration(watermarkAge)} ago`,
    `window ${window.name}: ${span}`,
  ];
  return el(
    "p",
    { class: age > OLD_S ? "warn small" : "soft small" },
    said.filter(Boolean).join(" · "),
  );
}
