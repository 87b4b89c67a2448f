/** What is unknown: never 0, and never a guess. */
export const UNKNOWN = "–";

/** Made once for each number of decimals: a table formats thousands of numbers a second. */
const FORMATS = [0, 1, 2].map(
  (digits) =>
    new Intl.NumberFormat("en-US", {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    }),
);
const trimmed = (value: number, digits: 0 | 1 | 2): string => FORMATS[digits]?.format(value) ?? "";

/** Three significant digits: 0.123, 1.24, 12.4, 124; from 1,000 on whole numbers. */
const significant = (value: number): string => {
  const size = Math.abs(value);
  if (size === 0 || size >= 99.95) return trimmed(value, 0);
  if (size >= 9.995) return trimmed(value, 1);
  return trimmed(value, 2);
};

/** A figure and its unit, which pages may show smaller. */
export type Figure = { readonly value: string; readonly unit: string };

const unknown: Figure = { value: UNKNOWN, unit: "" };

/** A response time in ms: `124 ms`, `9.94 ms`; from a second on `1.24 s`. */
export const responseTime = (ms: number | null | undefined): Figure => {
  if (ms == null) return unknown;
  if (ms < 999.5) return { value: significant(ms), unit: "ms" };
  return { value: significant(ms / 1000), unit: "s" };
};

/** A rate per second: one decimal below 100. */
export const rate = (perSecond: number | null | undefined): Figure =>
  perSecond == null
    ? unknown
    : { value: trimmed(perSecond, perSecond < 99.95 && perSecond !== 0 ? 1 : 0), unit: "/s" };

/** A share in percent: two decimals below 10, one above; a small share is not 0. */
export const percent = (value: number | null | undefined): Figure => {
  if (value == null) return unknown;
  if (value === 0) return { value: "0", unit: "%" };
  if (value < 0.005) return { value: "< 0.01", unit: "%" };
  // 99.97 % is not all of it.
  const shown = value < 100 ? Math.min(value, 99.9) : value;
  return { value: trimmed(shown, value < 9.995 ? 2 : value < 100 ? 1 : 0), unit: "%" };
};

/** A count in full. */
export const count = (value: number | null | undefined): string =>
  value == null ? UNKNOWN : trimmed(value, 0);

/** A size: `512 B`, `1.24 MB`. */
export const bytes = (value: number | null | undefined): Figure => {
  if (value == null) return unknown;
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = value < 1 ? 0 : Math.min(Math.floor(Math.log10(value) / 3), units.length - 1);
  const size = value / 1000 ** power;
  return { value: power === 0 ? trimmed(size, 0) : significant(size), unit: units[power] ?? "" };
};

/** A figure in the unit of a criterion: ms, percent, per second, or none of a count. */
export const inUnit = (value: number | null, unit: "ms" | "%" | "/s" | ""): string => {
  switch (unit) {
    case "ms":
      return text(responseTime(value));
    case "%":
      return text(percent(value));
    case "/s":
      return text(rate(value));
    case "":
      return count(value);
  }
};

const ROUND = new Intl.NumberFormat("en-US", { maximumFractionDigits: 6 });

/** A round number at an axis, with the decimals that it has and no others: `0.25`, `50`, `1,000`. */
export const axisNumber = (value: number): string => ROUND.format(value);

/** A limit in the unit of its criterion, as somebody wrote it: `60 ms`, `0.5 %`; one that was computed is rounded as figures are. */
export const limitInUnit = (value: number, unit: "ms" | "%" | "/s" | ""): string => {
  const isInSeconds = unit === "ms" && value >= 1000;
  const exact = axisNumber(isInSeconds ? value / 1000 : value);
  const decimals = exact.split(".")[1]?.length ?? 0;
  if (decimals > 2) return inUnit(value, unit);
  return text({ value: exact, unit: isInSeconds ? "s" : unit });
};

/** `1 user`, `240 users`. */
export const counted = (value: number, name: string): string =>
  `${count(value)} ${value === 1 ? name : `${name}s`}`;

export const text = ({ value, unit }: Figure): string => (unit === "" ? value : `${value} ${unit}`);

/** A response time in ms without its unit, for a column whose head names it. */
export const inMs = (ms: number | null | undefined): string =>
  ms == null ? UNKNOWN : ms >= 9.995 ? trimmed(ms, 0) : significant(ms);
