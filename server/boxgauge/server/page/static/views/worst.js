// The images with the most errors, by id.

import { el } from "../dom.js";
import { count, number, ratio } from "../format.js";
import { empty, heading } from "../sections.js";

export function buildWorst({ worst, point }) {
  const title = heading(
    "Worst images",
    `Most false positives and false negatives at score ≥ ${ratio(point.score_threshold, 2)}, IoU ${ratio(point.iou_threshold, 2)}.`,
  );
  if (worst.length === 0) return [title, empty("No image with errors is known.")];
  const hasLoss = worst.some((each) => each.loss !== null);
  return [
    title,
    el(
      "div",
      {
        class: "scroll",
        "data-keep": "worst-rows",
        tabindex: 0,
        role: "region",
        "aria-label": "Worst images",
      },
      el(
        "table",
        { class: "worst" },
        el(
          "thead",
          {},
          el(
            "tr",
            {},
            ["Image", "Errors", hasLoss && "Loss"]
              .filter(Boolean)
              .map((each) => el("th", { scope: "col" }, each)),
          ),
        ),
        el(
          "tbody",
          {},
          worst.map((each) =>
            el(
              "tr",
              {},
              el(
                "th",
                {
                  scope: "row",
                  class: "id",
                  title: each.is_integer ? "an integer id" : "a text id",
                },
                each.image_id,
              ),
              el("td", {}, count(each.errors)),
              hasLoss && el("td", {}, number(each.loss)),
            ),
          ),
        ),
      ),
    ),
  ];
}
