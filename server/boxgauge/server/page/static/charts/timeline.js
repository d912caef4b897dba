// A figure over time with its interval as a band.

import { el, svg } from "../dom.js";
import { bandOf, chart, pathOf, yAxis } from "./frame.js";
import { linear, ratioDomain, ticks, timeTicks } from "./scale.js";
import { clock, day, minutes, ratio } from "../format.js";
import { state } from "../state.js";

const HEIGHT = 220;
const LEFT = 40;
const TOP = 10;
const BOTTOM = HEIGHT - 24;

// Returns the chart of points [{time_us, value, confidence, certified}] and a line that says in
// words what is at the pointer, or where the arrow keys are; `say(point)` returns that line. The
// last value is known to stand `until` then.
export function timeline({ points, until, label, say }) {
  const found = points.findIndex((each) => each.time_us === state.moment);
  let chosen = found < 0 ? null : found;
  const said = el("p", { class: "readout", "aria-live": "off" });
  const choose = (k) => {
    chosen = k;
    state.moment = k === null ? null : points[k].time_us;
    said.textContent = say(points[k ?? points.length - 1]);
    box.redraw();
  };
  const box = chart({
    height: HEIGHT,
    label,
    draw: (width) => drawing(width, points, until, chosen, choose),
    attributes: {
      tabindex: 0,
      "data-keep": "timeline",
      onfocus: () => said.setAttribute("aria-live", "polite"),
      onblur: () => said.setAttribute("aria-live", "off"),
      onkeydown: (event) => {
        const move = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[event.key];
        if (move === undefined) return;
        event.preventDefault();
        const from = chosen ?? points.length - 1;
        choose(Math.min(Math.max(from + move, 0), points.length - 1));
        box.firstElementChild?.focus({ preventScroll: true });
      },
      onpointerleave: () => choose(null),
    },
  });
  said.textContent = say(points[chosen ?? points.length - 1]);
  return [said, box];
}

function drawing(width, points, until, chosen, choose) {
  const right = width - 8;
  const values = points.flatMap((each) => [
    each.value,
    ...(each.confidence ?? []),
    ...(each.certified ?? []),
  ]);
  const domain = ratioDomain(values.filter((each) => each !== null));
  const y = linear(domain, [BOTTOM, TOP]);
  const first = points[0].time_us;
  const newest = points.at(-1);
  const last = Math.max(newest.time_us, until);
  const x = first === last ? () => (LEFT + right) / 2 : linear([first, last], [LEFT, right]);
  const { found, stepS } = timeTicks(first, last, Math.max(Math.floor(width / 130), 2));
  const marks = found.length > 0 ? found : [first];
  const text = stepS >= 86400 ? day : stepS >= 60 ? dayOrMinutes : clock;
  const at = chosen ?? points.length - 1;
  const shown = points[at];
  return [
    yAxis(y, ticks(...domain, 4), LEFT, right, (value) =>
      ratio(value, domain[1] - domain[0] < 0.08 ? 3 : 2),
    ),
    marks.map((mark) =>
      svg(
        "text",
        { class: "tick", x: x(mark), y: BOTTOM + 16, "text-anchor": anchor(x(mark), width) },
        text(mark),
      ),
    ),
    runs(points, "confidence").map((run) => band(run, "confidence", x, y)),
    runs(points, "certified").map((run) => band(run, "certified", x, y)),
    runs(points, "value").map((run) =>
      svg("path", {
        class: "line",
        d: pathOf(run.map((each) => [x(each.time_us), y(each.value)])),
      }),
    ),
    newest.value !== null &&
      svg("line", {
        class: "standing",
        x1: x(newest.time_us),
        x2: x(last),
        y1: y(newest.value),
        y2: y(newest.value),
      }),
    chosen !== null &&
      svg("line", {
        class: "cursor",
        x1: x(shown.time_us),
        x2: x(shown.time_us),
        y1: TOP,
        y2: BOTTOM,
      }),
    shown.value !== null &&
      svg("circle", { class: "dot", cx: x(shown.time_us), cy: y(shown.value), r: 3.5 }),
    shown.confidence &&
      points.length === 1 &&
      svg("line", {
        class: "whisker",
        x1: x(first),
        x2: x(first),
        y1: y(shown.confidence[0]),
        y2: y(shown.confidence[1]),
      }),
    svg("rect", {
      class: "catch",
      x: LEFT,
      y: 0,
      width: Math.max(right - LEFT, 0),
      height: HEIGHT,
      onpointermove: (event) => {
        const place = event.offsetX;
        const gaps = points.map((each) => Math.abs(x(each.time_us) - place));
        const nearest = gaps.indexOf(Math.min(...gaps));
        if (nearest !== chosen) choose(nearest);
      },
    }),
  ];
}

// Returns the time of day, and the day itself where it begins.
function dayOrMinutes(us) {
  const text = minutes(us);
  return text === "00:00" ? day(us) : text;
}

function anchor(place, width) {
  if (place < LEFT + 24) return "start";
  return place > width - 32 ? "end" : "middle";
}

function band(run, name, x, y) {
  const side = (k) => run.map((each) => [x(each.time_us), y(each[name][k])]);
  return svg("path", { class: name, d: bandOf(side(1), side(0)) });
}

// Returns the stretches in which a figure is there: a gap is shown as a gap.
function runs(points, name) {
  const found = [];
  let open = null;
  for (const each of points) {
    if (each[name] === null) open = null;
    else if (open) open.push(each);
    else found.push((open = [each]));
  }
  return found;
}
