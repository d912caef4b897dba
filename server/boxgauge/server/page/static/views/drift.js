// What predictions alone say: drift from the reference, and an estimate.

import { bars } from "../charts/bars.js";
import { el } from "../dom.js";
import { count, counted, number, probability, ratio } from "../format.js";
import { empty, fact, heading } from "../sections.js";

const TITLES = {
  score: "Score",
  size: "Box size",
  aspect: "Aspect ratio",
  count: "Detections an image",
  class: "Class",
};
const MOST_CLASSES = 20;

export function buildDrift({ drift, names }) {
  const title = heading(
    "Drift of predictions",
    "Takes no labels. Bars: now. Line: the reference. A drift is a difference that chance alone explains badly.",
  );
  if (drift === null) return [title, empty("Not computed for this window and slice.")];
  if (drift.features.length === 0)
    return [title, empty(drift.reason || "There is nothing to compare yet.")];
  return [
    title,
    el(
      "p",
      { class: "soft small" },
      `${counted(drift.current_images, "image")} now, ${counted(drift.reference_images, "image")} in the reference${drift.reason ? `; ${drift.reason}` : ""}`,
    ),
    el(
      "div",
      { class: "features" },
      drift.features.map((each) => feature(each, new Map(names))),
    ),
  ];
}

function feature(of, names) {
  const { shares, reference, texts, ends } =
    of.name === "class" ? classBins(of, names) : numberBins(of);
  const name = TITLES[of.name] ?? of.name;
  return el(
    "article",
    { class: of.drifted ? "feature drifted" : "feature" },
    el(
      "h3",
      {},
      name,
      " ",
      el(
        "span",
        { class: of.drifted ? "verdict warn" : "verdict" },
        of.drifted ? "drifted" : "no drift found",
      ),
    ),
    bars({
      shares,
      reference,
      names: texts,
      ends,
      label: `${name}: ${of.drifted ? "drifted" : "no drift found"}, p-value ${probability(of.p_value)}`,
    }),
    el(
      "dl",
      { class: "measures" },
      [
        ["p", probability(of.p_value)],
        ["PSI", number(of.psi)],
        ["KS", number(of.ks)],
        ["Wasserstein", number(of.wasserstein)],
        ["Jensen–Shannon", number(of.jensen_shannon)],
      ]
        .filter(([, text]) => text !== "–")
        .map(([term, text]) => el("div", {}, el("dt", {}, term), el("dd", {}, text))),
    ),
  );
}

// Bins may have both outer ends, or lack them where they are open.
function numberBins({ edges, current, reference }) {
  const isOpen = edges.length < current.length;
  const at = (k) => (isOpen ? edges[k - 1] : edges[k]);
  const texts = current.map((_, k) => {
    const [low, high] = [at(k), at(k + 1)];
    if (low === undefined || low === null) return `below ${number(high)}`;
    return high === undefined || high === null
      ? `from ${number(low)}`
      : `${number(low)} to ${number(high)}`;
  });
  const finite = edges.filter((each) => each !== null);
  return { shares: current, reference, texts, ends: [number(finite[0]), number(finite.at(-1))] };
}

// Of many classes those that differ most are shown.
function classBins({ edges, current, reference }, names) {
  const all = current.map((share, k) => ({
    share,
    was: reference[k],
    name: names.get(edges[k]) ?? edges[k],
  }));
  const most = [...all]
    .sort((a, b) => Math.abs(b.share - b.was) - Math.abs(a.share - a.was))
    .slice(0, MOST_CLASSES);
  const shown = all.filter((each) => most.includes(each));
  const last = shown.at(-1)?.name ?? "";
  return {
    shares: shown.map((each) => each.share),
    reference: shown.map((each) => each.was),
    texts: shown.map((each) => each.name),
    ends: [
      shown[0]?.name ?? "",
      shown.length < all.length ? `${last} (${shown.length} of ${all.length})` : last,
    ],
  };
}

export function buildEstimate({ estimate }) {
  const title = heading(
    "Estimate, no labels",
    "What calibrated scores let one expect of all predicted images. It holds as long as scores mean what they meant on the labelled ones.",
  );
  if (estimate === null) return [title, empty("Not computed for this window and slice.")];
  if (estimate.precision === null && estimate.ap50 === null)
    return [title, empty(estimate.reason || "There is nothing to estimate from yet.")];
  return [
    title,
    el(
      "dl",
      { class: "facts estimate" },
      fact(
        "estimated AP50",
        `≈ ${ratio(estimate.ap50, 2)}`,
        estimate.ap50_error === null
          ? "error not known yet"
          : `off by ${ratio(estimate.ap50_error)} on average so far`,
      ),
      fact("estimated precision", `≈ ${ratio(estimate.precision, 2)}`),
      fact("about", count(estimate.images), "predicted images"),
      fact("learned on", count(estimate.calibration_images), "labelled images"),
    ),
    estimate.reason && empty(estimate.reason),
  ];
}
