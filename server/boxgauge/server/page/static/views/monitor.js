// One monitor: what is chosen, then every part of the report, the surest first.

import { el } from "../dom.js";
import { ratio } from "../format.js";
import { hashOf } from "../routes.js";
import { empty } from "../sections.js";
import { buildClasses } from "./classes.js";
import { buildComparisons } from "./comparisons.js";
import { buildCurves } from "./curves.js";
import { buildDrift, buildEstimate } from "./drift.js";
import { buildFreshness, buildHeadline, buildStatistics } from "./headline.js";
import { buildHistory } from "./history.js";
import { buildLabels, buildWarnings } from "./labels.js";
import { buildCalibration, buildLosses } from "./losses.js";
import { buildWorst } from "./worst.js";

export function showMonitor(sections, route, shown) {
  const { entry, chosen, report } = shown;
  const ap = report?.statistics[0].value ?? null;
  document.title = `${route.monitor}${ap === null ? "" : ` · AP ${ratio(ap)}`} – BoxGauge`;
  const show = (key, kind, data, build) => sections.show(key, kind, data, build);
  show("head", "wide", { name: route.monitor, entry: choices(entry), chosen }, buildHead);
  show("state", "wide", { state: stateOf(entry, report), name: route.monitor }, buildState);
  // A part whose data is null stays where it is and shows nothing.
  const of = (pick) => (report ? pick(report) : null);
  const ofLabels = (pick) => (report?.images ? pick(report) : null);
  show("freshness", "wide", of(freshness), (data) => data && buildFreshness(data));
  show("warnings", "wide", of(warnings), (data) => data && buildWarnings(data));
  show(
    "headline",
    report?.images ? "half" : "wide",
    of(headline),
    (data) => data && buildHeadline(data),
  );
  show("statistics", "half", ofLabels(statistics), (data) => data && buildStatistics(data));
  show(
    "history",
    "wide",
    of((r) => ({ points: shown.history.points, until: r.as_of_us })),
    (data, redraw) => data && buildHistory(data, redraw),
  );
  show("curves", "half", ofLabels(curves), (data) => data && buildCurves(data));
  show(
    "calibration",
    "half",
    ofLabels((r) => ({ calibration: r.calibration, score: r.settings.score_threshold })),
    (data) => data && buildCalibration(data),
  );
  show(
    "classes",
    "wide",
    ofLabels((r) => r.classes),
    (data, redraw) => data && buildClasses(data, redraw),
  );
  show("labels", "half", of(labels), (data) => data && buildLabels(data));
  show(
    "estimate",
    "half",
    of((r) => ({ estimate: r.estimate })),
    (data) => data && buildEstimate(data.estimate),
  );
  show(
    "drift",
    "wide",
    of((r) => ({ drift: r.drift, names: r.classes.map(({ id, name }) => [id, name]) })),
    (data) => data && buildDrift(data),
  );
  show(
    "losses",
    "half",
    ofLabels((r) => ({ losses: r.losses, means: r.mean_losses })),
    (data) => data && buildLosses(data),
  );
  show(
    "worst",
    "half",
    ofLabels((r) => ({ worst: r.worst, point: r.operating_point })),
    (data) => data && buildWorst(data),
  );
  show(
    "comparisons",
    "wide",
    of(() => ({ found: mine(shown.comparisons, chosen), models: entry.models.length })),
    (data) => data && buildComparisons(data),
  );
}

function choices(entry) {
  return (
    entry && {
      models: entry.models.map((each) => each.name),
      windows: entry.windows,
      slices: entry.slices,
      tally: entry.tally,
    }
  );
}

function stateOf(entry, report) {
  if (!entry) return "absent";
  if (entry.models.length === 0) return entry.labelled_images ? "unpredicted" : "new";
  return report ? "" : "unreported";
}

function buildState({ state, name }) {
  const said = {
    absent: () => [
      "There is no monitor of this name. ",
      el("a", { href: "#/" }, "See all monitors"),
      ".",
    ],
    new: () => [
      "No predictions yet: stream detections and labels to ",
      el("b", {}, name),
      ", for example with",
    ],
    unpredicted: () => [
      "There are labels but no predictions yet: stream detections to ",
      el("b", {}, name),
      ", for example with",
    ],
    unreported: () => [
      "No report over this window and slice was made yet. The service makes them every few seconds; it is shown here when it is there.",
    ],
  }[state];
  if (!said) return [];
  const command = `boxgauge replay --gt ground_truth.json --dt detections.json --monitor ${name}`;
  return [empty(...said()), (state === "new" || state === "unpredicted") && el("pre", {}, command)];
}

function buildHead({ name, entry, chosen }) {
  const title = el("h1", {}, name);
  const up = el("a", { class: "up", href: "#/" }, "← Monitors");
  if (!chosen) return [up, title];
  const menu = (field, label, values, text = (value) => value) => {
    if (values.length < 2)
      return el(
        "span",
        { class: "choice" },
        el("span", { class: "soft" }, label),
        " ",
        text(values[0]),
      );
    const select = el(
      "select",
      {
        "data-keep": field,
        onchange: (event) => (location.hash = hashOf({ ...chosen, [field]: event.target.value })),
      },
      values.map((value) =>
        el("option", { value, selected: value === chosen[field] }, text(value)),
      ),
    );
    return el("label", { class: "choice" }, el("span", { class: "soft" }, label), " ", select);
  };
  return [
    up,
    title,
    el(
      "div",
      { class: "choices" },
      menu("model", "Model", entry.models),
      menu("window", "Window", entry.windows),
      menu("slice", "Slice", ["", ...entry.slices], (value) => value || "all images"),
      el("span", { class: "choice" }, el("span", { class: "soft" }, "Tally"), " ", entry.tally),
    ),
  ];
}

function warnings(r) {
  return {
    sources: r.sources,
    coverage: r.label_coverage,
    images: r.images,
    predicted: r.predicted_images,
    notes: r.notes,
    drifted: r.drift
      ? r.drift.features.filter((each) => each.drifted).map((each) => each.name)
      : [],
  };
}

function headline(r) {
  return {
    statistics: r.statistics.slice(0, 3),
    is_exact: r.is_exact,
    images: r.images,
    positives: r.positives,
    detections: r.detections,
    predicted: r.predicted_images,
  };
}

function freshness(r) {
  return {
    now_us: r.now_us,
    window: r.window,
    watermark_us: r.watermark_us,
    watermark_age_s: r.watermark_age_s,
    as_of_us: r.as_of_us,
    age_s: r.age_s,
  };
}

function statistics(r) {
  return { statistics: r.statistics, settings: r.settings };
}

function curves(r) {
  return { curves: r.curves, point: r.operating_point, best: r.best };
}

function labels(r) {
  return {
    images: r.images,
    predicted: r.predicted_images,
    labelled: r.labelled_images,
    coverage: r.label_coverage,
    sources: r.sources,
    delay: r.delay,
  };
}

function mine({ comparisons }, chosen) {
  return comparisons.filter(
    (each) => each.window.name === chosen.window && each.slice === chosen.slice,
  );
}
