/** A duration: `42 s`, `6:12`, `5 h 12 min`, `3 d 4 h`. */
export const duration = (ms: number): string => {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${String(seconds % 60).padStart(2, "0")}`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
};

/** The width of a bar or a point: `5 s`, `2 min`, `1 h`. */
export const stepText = (ms: number): string => {
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds} s`;
  return seconds < 3600 ? `${seconds / 60} min` : `${seconds / 3600} h`;
};

/** A time since the load started, for axes and events: `0:42`, `1:02:42`. */
export const sinceStart = (seconds: number): string => {
  const whole = Math.round(Math.abs(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const rest = String(whole % 60).padStart(2, "0");
  const sign = seconds < 0 && whole > 0 ? "−" : "";
  return hours === 0
    ? `${sign}${minutes}:${rest}`
    : `${sign}${hours}:${String(minutes).padStart(2, "0")}:${rest}`;
};

const format = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat("en-GB", options);
const WITH_SECONDS = format({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const WITHOUT_SECONDS = format({ hour: "2-digit", minute: "2-digit" });
const DAY = format({ day: "numeric", month: "short" });
const DAY_AND_YEAR = format({ day: "numeric", month: "short", year: "numeric" });

/** A time of day: `14:20:04`. */
export const clock = (ms: number): string => WITH_SECONDS.format(ms);

/** A moment: today `14:20`, else `22 Nov 23:00`, with the year where it is another. */
export const moment = (
  ms: number,
  {
    now = Date.now(),
    hasSeconds = false,
  }: { readonly now?: number; readonly hasSeconds?: boolean } = {},
): string => {
  const at = new Date(ms);
  const today = new Date(now);
  const time = hasSeconds ? clock(ms) : WITHOUT_SECONDS.format(ms);
  if (at.toDateString() === today.toDateString()) return time;
  const isThisYear = at.getFullYear() === today.getFullYear();
  return `${(isThisYear ? DAY : DAY_AND_YEAR).format(ms)} ${time}`;
};

/** The same moment in UTC, in full: `2026-11-22 23:00:04 UTC`. */
export const utc = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} UTC`;

const UNITS = { s: 1, min: 60, h: 3600, d: 86_400 } as const;

/** `90`, `90 s`, `5m`, `1h 30min` → seconds; `undefined` where it is no duration. */
export const secondsOf = (given: string): number | undefined => {
  const cleaned = given.trim().toLowerCase();
  if (/^\d+$/.test(cleaned)) return Number(cleaned);
  const matches = [...cleaned.matchAll(/(\d+)\s*(d|h|min|m|s)(?![a-z])\s*/g)];
  if (matches.length === 0 || matches.map(([whole]) => whole).join("") !== cleaned)
    return undefined;
  return matches.reduce((sum, [, amount, unit]) => {
    const key = unit === "m" ? "min" : (unit as keyof typeof UNITS);
    return sum + Number(amount) * UNITS[key];
  }, 0);
};

/** Seconds as somebody would type them, so that `secondsOf` reads them again: `90 s`, `10 min`, `1 h 30 min`. */
export const typedDuration = (seconds: number): string => {
  if (seconds < 120 && seconds % 60 !== 0) return `${seconds} s`;
  const amounts = [
    [Math.floor(seconds / 3600), "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ] as const;
  const named = amounts.filter(([amount]) => amount > 0);
  return named.length === 0 ? "0 s" : named.map(([amount, unit]) => `${amount} ${unit}`).join(" ");
};
