// What the figures rest on: which images have labels, from where and how late.

import { el } from "../dom.js";
import { count, counted, duration, percent } from "../format.js";
import { empty, fact, heading } from "../sections.js";

const LOW = 0.5;

export function buildWarnings({ sources, coverage, images, predicted, notes, drifted }) {
  const said = [];
  if (sources.length > 1) {
    said.push(
      `Labels have ${sources.length} sources, and samples chosen in different ways cannot be read as one: take the figures of one label source alone.`,
    );
  }
  if (coverage !== null && coverage < LOW && images > 0) {
    said.push(
      `${percent(coverage)} of the predicted images have labels (${count(images)} of ${count(predicted)}): the figures are about those alone.`,
    );
  }
  if (drifted.length > 0)
    said.push(`Predictions have drifted from the reference: ${drifted.join(", ")}.`);
  said.push(...notes);
  return said.length > 0
    ? el(
        "ul",
        { class: "warnings", "aria-label": "Take care" },
        said.map((each) => el("li", {}, each)),
      )
    : [];
}

export function buildLabels({ images, predicted, labelled, coverage, sources, delay }) {
  return [
    heading("Labels", "What all figures but drift and estimate rest on."),
    el(
      "div",
      {
        class: "meter",
        role: "img",
        "aria-label": `${percent(coverage)} of the predicted images have labels`,
      },
      meter(coverage),
    ),
    el(
      "dl",
      { class: "facts" },
      fact(
        "coverage",
        percent(coverage),
        `${count(images)} of ${counted(predicted, "predicted image")}`,
      ),
      fact("labelled in all", count(labelled), "images of the monitor"),
      delay &&
        fact(
          "delay, half within",
          duration(delay.median_s),
          `95% within ${duration(delay.p95_s)}, mean ${duration(delay.mean_s)}`,
        ),
    ),
    sources.length > 0 ? sourceTable(sources) : empty("No label has said where it is from."),
  ];
}

function meter(coverage) {
  const bar = el("span", {});
  bar.style.width = `${(coverage ?? 0) * 100}%`;
  return bar;
}

function sourceTable(sources) {
  const all = sources.reduce((sum, each) => sum + each.images, 0);
  return el(
    "table",
    { class: "sources" },
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        ["Source of labels", "Images", "Share"].map((each) => el("th", { scope: "col" }, each)),
      ),
    ),
    el(
      "tbody",
      {},
      sources.map((each) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, each.source || "not stated"),
          el("td", {}, count(each.images)),
          el("td", {}, percent(each.images / all)),
        ),
      ),
    ),
  );
}
