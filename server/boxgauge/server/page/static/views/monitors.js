// All monitors, a line a model.

import { strip } from "../charts/strip.js";
import { el } from "../dom.js";
import { NONE, counted, duration, moment, percent, range, ratio } from "../format.js";
import { hashOf } from "../routes.js";
import { empty } from "../sections.js";

const COLUMNS = [
  "Monitor",
  "Model",
  "AP, 95% interval",
  "",
  "Images",
  "Labelled",
  "Drift",
  "As of",
];

export function showMonitors(sections, shown) {
  document.title = "Monitors – BoxGauge";
  sections.show("monitors", "wide", shown, build);
}

function build({ monitors, now_us }) {
  const title = el("h1", {}, "Monitors");
  if (monitors.length === 0) {
    return [
      title,
      empty("No monitors yet. Stream a COCO pair to one, which is created if it is missing:"),
      el("pre", {}, "boxgauge replay --gt ground_truth.json --dt detections.json --monitor NAME"),
      empty(
        "or create one with ",
        el("code", {}, "MonitorClient.create_monitor"),
        " from the program that detects.",
      ),
    ];
  }
  return [
    title,
    el(
      "p",
      { class: "soft" },
      "AP over IoU 0.50:0.95 of each model’s first window, on one scale from 0 to 1.",
    ),
    el(
      "table",
      { class: "monitors", role: "table" },
      el(
        "thead",
        { role: "rowgroup" },
        el(
          "tr",
          { role: "row" },
          COLUMNS.map((each) => el("th", { scope: "col", role: "columnheader" }, each)),
        ),
      ),
      el(
        "tbody",
        { role: "rowgroup" },
        monitors.flatMap((each) => rows(each, now_us)),
      ),
    ),
  ];
}

function rows(monitor, nowUs) {
  if (monitor.models.length === 0) {
    const labelled = monitor.labelled_images
      ? `${counted(monitor.labelled_images, "labelled image")}, `
      : "";
    return [
      row(monitor, null, [
        cell("", el("span", { class: "soft" }, `${labelled}no predictions yet`), {
          class: "text",
          colspan: 7,
        }),
      ]),
    ];
  }
  return monitors(monitor, nowUs);
}

function monitors(monitor, nowUs) {
  return monitor.models.map(({ name, summary }, k) => {
    const model = cell("Model", name, { class: "text" });
    if (summary === null)
      return row(
        monitor,
        name,
        [
          model,
          cell("", el("span", { class: "soft" }, "no report yet"), { class: "text", colspan: 6 }),
        ],
        k,
      );
    const drift = summary.drifted?.length
      ? el("span", { class: "warn" }, summary.drifted.join(", "))
      : summary.drifted
        ? "none found"
        : NONE;
    const watermark =
      monitor.watermark_age_s === null
        ? ""
        : `, newest image ${duration(monitor.watermark_age_s)} old`;
    return row(
      monitor,
      name,
      [
        model,
        cell(
          "AP, 95%",
          summary.images === 0
            ? el("span", { class: "soft" }, "no labels yet")
            : [
                el("b", {}, ratio(summary.ap)),
                " ",
                el("span", { class: "interval" }, summary.confidence && range(summary.confidence)),
              ],
          { class: "figure" },
        ),
        cell("", strip({ ...summary, value: summary.ap }), { class: "forest" }),
        cell("Images", summary.images.toLocaleString("en-US")),
        cell("Labelled", percent(summary.label_coverage), { class: low(summary.label_coverage) }),
        cell("Drift", drift, { class: "text" }),
        cell("As of", [moment(summary.as_of_us, nowUs), el("span", { class: "soft" }, watermark)], {
          class: "text",
        }),
      ],
      k,
    );
  });
}

function row(monitor, model, cells, k = 0) {
  const link = el(
    "a",
    { href: hashOf({ monitor: monitor.name, model }), "data-keep": `${monitor.name} ${model}` },
    monitor.name,
  );
  if (k > 0) link.setAttribute("aria-label", `${monitor.name}, model ${model}`);
  return el(
    "tr",
    { role: "row", class: k > 0 ? "same" : null },
    el("th", { scope: "row", role: "rowheader" }, link),
    cells,
  );
}

function cell(name, content, attributes = {}) {
  return el("td", { role: "cell", "data-name": name, ...attributes }, content);
}

function low(coverage) {
  return coverage !== null && coverage < 0.5 ? "warn" : null;
}
