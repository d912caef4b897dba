// Numbers and times as text; what is absent is a dash.

export const NONE = "–";

// Returns a ratio in [0, 1] with three digits, as COCO's tables have it.
export function ratio(value, digits = 3) {
  return value === null || value === undefined ? NONE : value.toFixed(digits);
}

export function range(ends, digits = 3) {
  return ends ? `${ends[0].toFixed(digits)} – ${ends[1].toFixed(digits)}` : NONE;
}

// Returns an interval with as many digits as it takes to tell its ends apart.
export function fineRange(ends) {
  if (!ends) return NONE;
  const width = ends[1] - ends[0];
  if (width < 1e-7) return `${ends[0].toFixed(6)}, both ends`;
  return range(ends, Math.min(Math.max(Math.ceil(-Math.log10(width)) + 1, 3), 8));
}

export function signed(value, digits = 3) {
  if (value === null || value === undefined) return NONE;
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return value < 0 ? `−${text}` : `+${text}`;
}

export function signedRange(ends, digits = 3) {
  return ends ? `${signed(ends[0], digits)} to ${signed(ends[1], digits)}` : NONE;
}

export function percent(value) {
  if (value === null || value === undefined) return NONE;
  const hundredths = value * 100;
  // Never 0% of something, nor 100% of not quite all.
  if (value > 0 && hundredths < 1) return "< 1%";
  if (value < 1 && hundredths > 99) return "> 99%";
  return `${Math.round(hundredths)}%`;
}

export function count(value) {
  return value === null || value === undefined ? NONE : value.toLocaleString("en-US");
}

export function counted(value, one, many = `${one}s`) {
  return `${count(value)} ${value === 1 ? one : many}`;
}

// Returns a number of any size with three digits that count.
export function number(value) {
  if (value === null || value === undefined) return NONE;
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(1).replace("-", "−");
  if (size >= 1000) return count(Math.round(value));
  return String(Number(value.toPrecision(3))).replace("-", "−");
}

export function probability(value) {
  if (value === null || value === undefined) return NONE;
  return value < 0.001 ? "< 0.001" : value.toFixed(value < 0.1 ? 3 : 2);
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return NONE;
  if (seconds < 0) return `−${duration(-seconds)}`;
  for (const [unit, size] of [
    ["d", 86400],
    ["h", 3600],
    ["min", 60],
  ]) {
    if (seconds >= 2 * size) return `${Math.round(seconds / size)} ${unit}`;
  }
  return seconds < 10 && seconds % 1 > 0.05
    ? `${seconds.toFixed(1)} s`
    : `${Math.round(seconds)} s`;
}

const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const MINUTES = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

export function clock(us) {
  return CLOCK.format(us / 1000);
}

export function minutes(us) {
  return MINUTES.format(us / 1000);
}

export function day(us) {
  return DAY.format(us / 1000);
}

// Returns day and time, without the day where it is that of `now`.
export function moment(us, nowUs) {
  if (us === null || us === undefined) return NONE;
  return day(us) === day(nowUs) ? clock(us) : `${day(us)}, ${minutes(us)}`;
}
