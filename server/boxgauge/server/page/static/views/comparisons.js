// Two models on the same images.

import { strip } from "../charts/strip.js";
import { el } from "../dom.js";
import { counted, probability, ratio, signed, signedRange } from "../format.js";
import { empty, heading } from "../sections.js";

export function buildComparisons({ found, models }) {
  if (found.length > 0) return found.map(comparison);
  if (models < 2) return [];
  return [
    heading("Comparisons", "Two models on the same images."),
    empty(
      "None over this window and slice. The monitor’s definition lists which models are compared all the time.",
    ),
  ];
}

function comparison({ champion, challenger, images, statistics }) {
  const ends = statistics
    .flatMap((each) => [each.difference, ...(each.confidence ?? [])])
    .map(Math.abs);
  const reach = Math.max(...ends, 0.01) * 1.05;
  const ap = statistics.find((each) => each.name === "AP");
  return [
    heading(
      `${challenger} against ${champion}`,
      `The same ${counted(images, "image")}, both models. ${ap ? verdict(ap, champion, challenger) : ""}`,
    ),
    el(
      "div",
      {
        class: "scroll",
        "data-keep": `compared ${champion} ${challenger}`,
        tabindex: 0,
        role: "region",
        "aria-label": `${challenger} against ${champion}`,
      },
      el(
        "table",
        { class: "comparison" },
        el(
          "thead",
          {},
          el(
            "tr",
            {},
            [
              "Figure",
              champion,
              challenger,
              "Difference",
              "95% interval",
              `−${reach.toFixed(2)} to +${reach.toFixed(2)}`,
              "p",
            ].map((each, k) => el("th", { scope: "col", class: k === 5 ? "forest" : null }, each)),
          ),
        ),
        el(
          "tbody",
          {},
          statistics.map((each) =>
            el(
              "tr",
              {},
              el("th", { scope: "row" }, each.name),
              el("td", {}, ratio(each.champion)),
              el("td", {}, ratio(each.challenger)),
              el("td", {}, el("b", {}, signed(each.difference))),
              el("td", { class: "interval" }, signedRange(each.confidence)),
              el(
                "td",
                { class: "forest" },
                strip({
                  value: each.difference,
                  confidence: each.confidence,
                  domain: [-reach, reach],
                  zero: true,
                }),
              ),
              el("td", {}, probability(each.p_value)),
            ),
          ),
        ),
      ),
    ),
  ];
}

function verdict({ confidence, difference }, champion, challenger) {
  if (!confidence) return "The difference in AP has no interval yet.";
  if (confidence[0] > 0) return `${challenger} is better in AP: its interval lies above 0.`;
  if (confidence[1] < 0) return `${challenger} is worse in AP: its interval lies below 0.`;
  return difference === 0
    ? "Both have the same AP."
    : `Which of them is better in AP cannot be told yet: the interval contains 0.`;
}
