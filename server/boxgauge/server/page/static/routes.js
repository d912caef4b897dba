// What the address says is shown: all monitors, or one with model, window and slice.

const NAMES = ["monitor", "model", "window", "slice"];

export function routeOf(hash) {
  const given = new URLSearchParams(hash.split("?")[1] ?? "");
  return Object.fromEntries(NAMES.map((name) => [name, given.get(name) ?? ""]));
}

export function hashOf(route) {
  const given = new URLSearchParams(
    NAMES.filter((name) => route[name]).map((name) => [name, route[name]]),
  );
  return route.monitor ? `#/monitor?${given}` : "#/";
}
