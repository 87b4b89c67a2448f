import { BSON } from "mongodb";

/** 1971: an earlier time was never set, or its unit is neither seconds nor milliseconds. */
const FIRST_MS = 31_536_000_000;
/** 2100. */
const LAST_MS = 4_102_444_800_000;
/** Numbers below it are seconds (of times until the year 5138), others milliseconds (of times from 1973 on). */
const SECONDS_BELOW = 1e11;

/** `none`: no time was set (null, an empty text, zero, 0001-01-01). `wrong`: not a plausible time. */
type ReadTime =
  | { readonly kind: "time"; readonly ms: number }
  | { readonly kind: "none" }
  | { readonly kind: "wrong" };

const NONE: ReadTime = { kind: "none" };
const WRONG: ReadTime = { kind: "wrong" };

const plausible = (ms: number): ReadTime =>
  Number.isFinite(ms) && ms >= FIRST_MS && ms <= LAST_MS
    ? { kind: "time", ms: Math.round(ms) }
    : WRONG;

/** Go's zero time in seconds, milliseconds and nanoseconds. */
const isZeroDate = (value: number): boolean =>
  value === -62_135_596_800 ||
  value === -62_135_596_800_000 ||
  value === -6_795_364_578_871_345_152;

const ofNumber = (value: number): ReadTime => {
  if (value === 0 || isZeroDate(value)) return NONE;
  return plausible(Math.abs(value) < SECONDS_BELOW ? value * 1000 : value);
};

const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s*(Z|[+-]\d\d:?\d\d)?(?: [A-Z]{2,5})?)?$/;

const ofText = (given: string): ReadTime => {
  const text = given.trim();
  if (text === "") return NONE;
  if (/^-?\d{9,20}(\.\d+)?$/.test(text)) return ofNumber(Number(text));
  const match = ISO.exec(text);
  if (match === null) return WRONG;
  const [, year, month, day, hour = "00", minute = "00", second = "00", fraction = "", zone = "Z"] =
    match;
  if (year === "0001" && month === "01" && day === "01") return NONE;
  const offset = zone === "Z" || zone.includes(":") ? zone : `${zone.slice(0, 3)}:${zone.slice(3)}`;
  const millis = fraction.padEnd(3, "0").slice(0, 3);
  return plausible(
    Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${millis}${offset}`),
  );
};

/**
 * Unix milliseconds of every form of time that older programs wrote: a BSON date, an ISO 8601 text, seconds or
 * milliseconds as a number of any type or as digits, a BSON timestamp.
 */
export const readTime = (value: unknown): ReadTime => {
  if (value === undefined || value === null) return NONE;
  if (value instanceof Date) {
    const ms = value.getTime();
    return ms === 0 || isZeroDate(ms) ? NONE : plausible(ms);
  }
  if (typeof value === "number") return ofNumber(value);
  if (typeof value === "bigint") return ofNumber(Number(value));
  if (typeof value === "string") return ofText(value);
  if (value instanceof BSON.Timestamp) return ofNumber(value.getHighBitsUnsigned());
  if (value instanceof BSON.Decimal128) return ofNumber(Number(value.toString()));
  return WRONG;
};

/** The time of creation inside an ObjectId, in ms. */
export const timeOfId = (id: unknown): number | undefined => {
  if (!(id instanceof BSON.ObjectId)) return undefined;
  const read = readTime(id.getTimestamp());
  return read.kind === "time" ? read.ms : undefined;
};
