// One monitor: what is chosen, then every part of the report, the surest first.

import { ratio } from "../format.js";
import { buildClasses } from "./classes.js";
import { buildComparisons } from "./comparisons.js";
import { buildCurves } from "./curves.js";
import { buildDrift, buildEstimate } from "./drift.js";
import { buildHead, buildState, choices, stateOf } from "./head.js";
import { buildFreshness, buildHeadline } from "./headline.js";
import { buildHistory } from "./history.js";
import { buildLabels, buildWarnings } from "./labels.js";
import { buildCalibration, buildLosses } from "./losses.js";
import { buildStatistics } from "./statistics.js";
import { buildWorst } from "./worst.js";

// What each part shows of a report, in order. A part is drawn again when that has changed; what
// only labelled images say has `isMeasured`.
const PARTS = [
  {
    key: "freshness",
    pick: ({ now_us, window, watermark_us, watermark_age_s, as_of_us, age_s }) => ({
      now_us,
      window,
      watermark_us,
      watermark_age_s,
      as_of_us,
      age_s,
    }),
    build: buildFreshness,
  },
  {
    key: "warnings",
    pick: (r) => ({
      sources: r.sources,
      coverage: r.label_coverage,
      images: r.images,
      predicted: r.predicted_images,
      notes: r.notes,
      drifted: (r.drift?.features ?? []).filter((each) => each.drifted).map((each) => each.name),
    }),
    build: buildWarnings,
  },
  {
    key: "headline",
    isHalf: (r) => r.images > 0,
    pick: (r) => ({
      statistics: r.statistics.slice(0, 3),
      is_exact: r.is_exact,
      images: r.images,
      positives: r.positives,
      detections: r.detections,
      predicted: r.predicted_images,
    }),
    build: buildHeadline,
  },
  {
    key: "statistics",
    isHalf: () => true,
    isMeasured: true,
    pick: ({ statistics, settings }) => ({ statistics, settings }),
    build: buildStatistics,
  },
  {
    key: "history",
    pick: (r, shown) => ({ points: shown.history.points, until: r.as_of_us }),
    build: buildHistory,
  },
  {
    key: "curves",
    isHalf: () => true,
    isMeasured: true,
    pick: (r) => ({ curves: r.curves, point: r.operating_point, best: r.best }),
    build: buildCurves,
  },
  {
    key: "calibration",
    isHalf: () => true,
    isMeasured: true,
    pick: (r) => r.calibration,
    build: buildCalibration,
  },
  { key: "classes", isMeasured: true, pick: (r) => r.classes, build: buildClasses },
  {
    key: "labels",
    isHalf: () => true,
    pick: (r) => ({
      images: r.images,
      predicted: r.predicted_images,
      labelled: r.labelled_images,
      coverage: r.label_coverage,
      sources: r.sources,
      delay: r.delay,
    }),
    build: buildLabels,
  },
  {
    key: "estimate",
    isHalf: () => true,
    pick: (r) => ({ estimate: r.estimate }),
    build: buildEstimate,
  },
  {
    key: "drift",
    pick: (r) => ({ drift: r.drift, names: r.classes.map(({ id, name }) => [id, name]) }),
    build: buildDrift,
  },
  {
    key: "losses",
    isHalf: () => true,
    isMeasured: true,
    pick: (r) => ({ losses: r.losses, means: r.mean_losses }),
    build: buildLosses,
  },
  {
    key: "worst",
    isHalf: () => true,
    isMeasured: true,
    pick: (r) => ({ worst: r.worst, point: r.operating_point }),
    build: buildWorst,
  },
  {
    key: "comparisons",
    pick: (_, { comparisons: { comparisons }, chosen, entry }) => ({
      found: comparisons.filter(
        (each) => each.window.name === chosen.window && each.slice === chosen.slice,
      ),
      models: entry.models.length,
    }),
    build: buildComparisons,
  },
];

export function showMonitor(sections, route, shown) {
  const { entry, chosen, report } = shown;
  const ap = report?.statistics[0].value ?? null;
  document.title = `${route.monitor}${ap === null ? "" : ` · AP ${ratio(ap)}`} – BoxGauge`;
  sections.show("head", "wide", { name: route.monitor, entry: choices(entry), chosen }, buildHead);
  const state = { state: stateOf(entry, report), name: route.monitor };
  sections.show("state", "wide", state, buildState);
  for (const { key, isHalf, isMeasured, pick, build } of PARTS) {
    const isThere = report && (!isMeasured || report.images > 0);
    const kind = isThere && isHalf?.(report) ? "half" : "wide";
    sections.show(key, kind, isThere ? pick(report, shown) : null, build);
  }
}
