// The average precision with how sure it is, and COCO's twelve figures.

import { linear, ratioDomain, ticks } from "../charts/scale.js";
import { chart } from "../charts/frame.js";
import { strip } from "../charts/strip.js";
import { el, svg } from "../dom.js";
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

// Returns the value and both intervals on a scale of their own.
function ruler(ap) {
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
