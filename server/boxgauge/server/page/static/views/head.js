// Above all figures: which monitor, what of it is chosen, and what to do where there is nothing.

import { el } from "../dom.js";
import { hashOf } from "../routes.js";
import { empty } from "../sections.js";

// Returns what can be chosen of a monitor.
export function choices(entry) {
  return (
    entry && {
      models: entry.models.map((each) => each.name),
      windows: entry.windows,
      slices: entry.slices,
      tally: entry.tally,
    }
  );
}

// Returns why there is no report; an empty text where there is one.
export function stateOf(entry, report) {
  if (!entry) return "absent";
  if (entry.models.length === 0) return entry.labelled_images ? "unpredicted" : "new";
  return report ? "" : "unreported";
}

export function buildState({ state, name }) {
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

export function buildHead({ name, entry, chosen }) {
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
