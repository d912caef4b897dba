// What was reported over time.

import { timeline } from "../charts/timeline.js";
import { el } from "../dom.js";
import { clock, count, day, fineRange, percent, range, ratio } from "../format.js";
import { empty, heading } from "../sections.js";
import { state } from "../state.js";

const FIGURES = [
  ["ap", "AP"],
  ["ap50", "AP50"],
  ["precision", "Precision"],
  ["recall", "Recall"],
  ["label_coverage", "Coverage"],
];
const IN_TABLE = 20;

export function buildHistory({ points, until }, redraw) {
  const title = heading(
    "Over time",
    "As it was reported, all images of the window at each moment. Kept since the service started.",
  );
  if (points.length === 0) return [title, empty("No report yet; each one becomes a point here.")];
  const [key, name] = FIGURES.find(([each]) => each === state.figure);
  const choice = el(
    "div",
    { class: "segments", role: "group", "aria-label": "Figure that is shown" },
    FIGURES.map(([each, text]) =>
      el(
        "button",
        {
          type: "button",
          "data-keep": `figure-${each}`,
          "aria-pressed": String(each === key),
          onclick: () => ((state.figure = each), redraw()),
        },
        text,
      ),
    ),
  );
  const shown = points.map((each) => ({
    ...each,
    value: each[key],
    confidence: key === "ap" ? each.confidence : null,
    certified: key === "ap" ? each.certified : null,
  }));
  const last = shown.at(-1);
  if (shown.every((each) => each.value === null))
    return [
      title,
      choice,
      empty(`No report has said anything of this yet: ${name} is not defined without labels.`),
    ];
  return [
    title,
    choice,
    timeline({
      points: shown,
      until,
      label: `${name} over time, ${points.length} reports from ${clock(points[0].time_us)} to ${clock(last.time_us)}, last ${ratio(last.value)}. Arrow keys move from report to report.`,
      say: (point) => inWords(point, key, name),
    }),
    table(points),
  ];
}

function inWords(point, key, name) {
  const value = key === "label_coverage" ? percent(point.value) : ratio(point.value);
  const sure = [
    point.confidence && `95% ${range(point.confidence)}`,
    point.certified && `certified ${fineRange(point.certified)}`,
  ];
  return [`${clock(point.time_us)}`, `${name} ${value}`, ...sure, `${count(point.images)} images`]
    .filter(Boolean)
    .join(" · ");
}

function table(points) {
  const rows = points.slice(-IN_TABLE).reverse();
  return el(
    "details",
    { ontoggle: (event) => (state.table = event.target.open), open: state.table },
    el(
      "summary",
      { "data-keep": "history-table" },
      rows.length === 1 ? "The report as a table" : `The last ${rows.length} as a table`,
    ),
    el(
      "div",
      {
        class: "scroll",
        "data-keep": "history-rows",
        tabindex: 0,
        role: "region",
        "aria-label": "Reports",
      },
      el(
        "table",
        {},
        el(
          "thead",
          {},
          el(
            "tr",
            {},
            [
              "Reported",
              "AP",
              "95% interval",
              "Certified",
              "AP50",
              "Precision",
              "Recall",
              "Images",
              "Labelled",
            ].map((each) => el("th", { scope: "col" }, each)),
          ),
        ),
        el(
          "tbody",
          {},
          rows.map((each) =>
            el(
              "tr",
              {},
              el("th", { scope: "row" }, `${day(each.time_us)} ${clock(each.time_us)}`),
              [
                ratio(each.ap),
                range(each.confidence),
                each.certified ? fineRange(each.certified) : "exact",
                ratio(each.ap50),
                ratio(each.precision),
                ratio(each.recall),
                count(each.images),
                percent(each.label_coverage),
              ].map((text) => el("td", {}, text)),
            ),
          ),
        ),
      ),
    ),
  );
}
