// A line a class, sortable.

import { strip } from "../charts/strip.js";
import { el } from "../dom.js";
import { count, fineRange, range, ratio } from "../format.js";
import { empty, heading } from "../sections.js";
import { state } from "../state.js";

const MOST = 100;
const COLUMNS = [
  { key: "name", text: "Class", of: (each) => each.name },
  { key: "ap", text: "AP", of: (each) => each.ap, falling: true },
  {
    key: "confidence",
    text: "95% interval",
    of: (each) => each.confidence && each.confidence[1] - each.confidence[0],
    falling: true,
  },
  { key: "strip", text: "0 to 1" },
  { key: "ap50", text: "AP50", of: (each) => each.ap50, falling: true },
  { key: "ap75", text: "AP75", of: (each) => each.ap75, falling: true },
  { key: "ar", text: "AR", of: (each) => each.ar, falling: true },
  {
    key: "best",
    text: "Best score ≥",
    of: (each) => each.best?.score_threshold ?? null,
    falling: true,
  },
  {
    key: "precision",
    text: "Precision",
    of: (each) => each.best?.precision ?? null,
    falling: true,
  },
  { key: "recall", text: "Recall", of: (each) => each.best?.recall ?? null, falling: true },
  { key: "positives", text: "Objects", of: (each) => each.positives, falling: true },
  { key: "detections", text: "Detections", of: (each) => each.detections, falling: true },
];

export function buildClasses(classes, redraw) {
  const title = heading(
    "Classes",
    "Precision and recall are those at the class’s best threshold, where its F1 is highest. Sort by a column’s name; “95% interval” sorts by its width.",
  );
  const wanted = state.filter.toLowerCase();
  const found = classes.filter((each) => each.name.toLowerCase().includes(wanted));
  const rows = sorted(found);
  const shown = state.all ? rows : rows.slice(0, MOST);
  return [
    title,
    classes.length > 20 &&
      el("input", {
        type: "search",
        "data-keep": "class-filter",
        placeholder: "Filter by name",
        "aria-label": "Filter classes by name",
        value: state.filter,
        oninput: (event) => ((state.filter = event.target.value), redraw()),
      }),
    found.length === 0 && empty("No class has this in its name."),
    el(
      "div",
      {
        class: "scroll",
        "data-keep": "class-rows",
        tabindex: 0,
        role: "region",
        "aria-label": "Classes",
      },
      el(
        "table",
        { class: "classes" },
        el(
          "thead",
          {},
          el(
            "tr",
            {},
            COLUMNS.map((each) => header(each, redraw)),
          ),
        ),
        el("tbody", {}, shown.map(row)),
      ),
    ),
    shown.length < rows.length &&
      el(
        "button",
        { type: "button", "data-keep": "class-all", onclick: () => ((state.all = true), redraw()) },
        `Show all ${rows.length}`,
      ),
  ];
}

// Returns the classes in the chosen order; what is undefined comes last, whichever way.
function sorted(classes) {
  const { of } = COLUMNS.find((each) => each.key === state.sort.key);
  const sign = state.sort.falling ? -1 : 1;
  return [...classes].sort((a, b) => {
    const [left, right] = [of(a), of(b)];
    if (left === null || right === null) return (left === null) - (right === null);
    return (
      sign *
      (typeof left === "string" ? left.localeCompare(right, "en", { numeric: true }) : left - right)
    );
  });
}

function header(column, redraw) {
  if (!column.of) return el("th", { scope: "col", class: "forest" }, column.text);
  const isSorted = state.sort.key === column.key;
  const turn = () => {
    state.sort = {
      key: column.key,
      falling: isSorted ? !state.sort.falling : Boolean(column.falling),
    };
    redraw();
  };
  const mark = isSorted ? (state.sort.falling ? " ↓" : " ↑") : "";
  return el(
    "th",
    {
      scope: "col",
      "aria-sort": isSorted ? (state.sort.falling ? "descending" : "ascending") : null,
    },
    el(
      "button",
      { type: "button", class: "sort", "data-keep": `sort-${column.key}`, onclick: turn },
      column.text,
      el("span", { "aria-hidden": "true" }, mark),
    ),
  );
}

function row(each) {
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, each.name),
    el(
      "td",
      { title: each.certified ? `certified ${fineRange(each.certified)}` : null },
      el("b", {}, ratio(each.ap)),
    ),
    el("td", { class: "interval" }, range(each.confidence)),
    el("td", { class: "forest" }, strip({ ...each, value: each.ap })),
    [
      ratio(each.ap50),
      ratio(each.ap75),
      ratio(each.ar),
      ratio(each.best?.score_threshold),
      ratio(each.best?.precision),
      ratio(each.best?.recall),
      count(each.positives),
      count(each.detections),
    ].map((text) => el("td", {}, text)),
  );
}
