// Follows the address, asks the service every few seconds and shows what it says.

import { ApiError, get } from "./api.js";
import { el, replace } from "./dom.js";
import { clock } from "./format.js";
import { routeOf } from "./routes.js";
import { Sections, empty } from "./sections.js";
import { showMonitor } from "./views/monitor.js";
import { showMonitors } from "./views/monitors.js";

const EVERY_MS = 5000;

const content = document.getElementById("content");
const trouble = document.getElementById("trouble");
const pause = document.getElementById("pause");
const updated = document.getElementById("clock");

let address = null;
let sections = null;
let isPaused = false;
let timer = null;
let turn = 0;

async function refresh() {
  clearTimeout(timer);
  const mine = ++turn;
  const route = routeOf(location.hash);
  try {
    const shown = await documents(route);
    if (mine !== turn) return; // the address has changed meanwhile
    show(route, shown);
    say(null);
    updated.textContent = `updated ${clock(shown.monitors.now_us)}`;
  } catch (error) {
    if (mine !== turn) return;
    say(error);
  }
  if (!isPaused && !document.hidden) timer = setTimeout(refresh, EVERY_MS);
}

async function documents(route) {
  const monitors = await get("monitors");
  const entry = monitors.monitors.find((each) => each.name === route.monitor);
  if (!entry || entry.models.length === 0) return { monitors, entry };
  // Without a choice the address names none: what is shown first may change with time.
  const names = entry.models.map((each) => each.name);
  const model = names.includes(route.model) ? route.model : names[0];
  const window = entry.windows.includes(route.window) ? route.window : entry.windows[0];
  const slice = entry.slices.includes(route.slice) ? route.slice : "";
  const { monitor } = route;
  const [report, history, comparisons] = await Promise.all([
    orAbsent(get("report", { monitor, model, window, slice })),
    get("history", { monitor, model, window }),
    get("comparisons", { monitor }),
  ]);
  return {
    monitors,
    entry,
    report,
    history,
    comparisons,
    chosen: { monitor, model, window, slice },
  };
}

async function orAbsent(promise) {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

function show(route, shown) {
  if (address !== route.monitor) {
    const isFirst = address === null;
    address = route.monitor;
    const view = el("div", { class: "view" });
    replace(content, view);
    sections = new Sections(view);
    if (!isFirst) {
      window.scrollTo(0, 0);
      content.focus({ preventScroll: true });
    }
  }
  if (route.monitor) showMonitor(sections, route, shown);
  else showMonitors(sections, shown.monitors);
}

function say(error) {
  trouble.hidden = error === null;
  if (error === null) return;
  const text =
    error instanceof ApiError
      ? `The service answers: ${error.message}.`
      : "The service cannot be reached. What is shown is what it said last.";
  // A message that stays is not said again.
  if (trouble.textContent !== text) trouble.textContent = text;
  if (!sections) replace(content, empty("Nothing to show yet."));
  if (!(error instanceof ApiError)) console.warn(error);
}

pause.addEventListener("click", () => {
  isPaused = !isPaused;
  pause.setAttribute("aria-pressed", String(isPaused));
  pause.textContent = isPaused ? "Resume" : "Pause";
  refresh();
});
window.addEventListener("hashchange", () => {
  if (location.hash === "#content") return; // the link that skips the bar
  refresh();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && !isPaused) refresh();
});
refresh();
