// From values to places, and where the marks of an axis are.

export function linear([low, high], [start, end]) {
  const span = high - low || 1;
  return (value) => start + ((value - low) / span) * (end - start);
}

// Returns about `wanted` round values from low to high.
export function ticks(low, high, wanted) {
  const rough = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k += 1) {
    found.push(Number((k * step).toPrecision(12)));
  }
  return found;
}

const STEPS_S = [
  1, 5, 15, 30, 60, 300, 900, 1800, 3600, 10800, 21600, 43200, 86400, 172800, 604800, 2592000,
];

// Returns round local times between two, microseconds, and their distance in seconds.
export function timeTicks(low, high, wanted) {
  const rough = (high - low) / 1e6 / wanted;
  const stepS = STEPS_S.find((each) => each >= rough) ?? STEPS_S.at(-1);
  const step = stepS * 1e6;
  const offset = new Date(low / 1000).getTimezoneOffset() * 6e7;
  const found = [];
  for (let at = Math.ceil((low - offset) / step) * step + offset; at <= high; at += step)
    found.push(at);
  return { found, stepS };
}

// Returns a range within [0, 1] that holds all values, with air and never so narrow that noise
// looks like a landslide.
export function ratioDomain(values, least = 0.1) {
  if (values.length === 0) return [0, 1];
  const low = Math.min(...values);
  const high = Math.max(...values);
  const air = Math.max((high - low) * 0.15, (least - (high - low)) / 2, 0.005);
  const bottom = Math.max(low - air, 0);
  return [bottom, Math.min(Math.max(high + air, bottom + least), 1)];
}
