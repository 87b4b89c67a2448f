import { secondsOf } from "./times.ts";

/** What is no number becomes NaN, which every schema refuses; nothing stays nothing. */
export const numberOf = (text: string): number | undefined =>
  text.trim() === "" ? undefined : Number(text.trim().replaceAll(",", ""));

/** The same for a duration, in seconds. */
export const typedSeconds = (text: string): number | undefined =>
  text.trim() === "" ? undefined : (secondsOf(text) ?? Number.NaN);

/** A number as somebody would type it; nothing for none. */
export const textOf = (value: number | undefined): string =>
  value === undefined ? "" : String(value);

export const UNREADABLE = "must be a duration, such as 90 s, 10 min or 1 h 30 min";
