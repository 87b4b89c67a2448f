import { z } from "zod";

/** What answers show in the place of a hidden value. In a request it stands for the stored value. */
export const HIDDEN = "***";

const Texts = z.record(z.string(), z.string());

/** Texts by name. Stored with their values; answers show the names, and `***` for each value. */
export const HiddenTexts = z.codec(Texts, Texts, {
  decode: (values) => values,
  encode: (values) => Object.fromEntries(Object.keys(values).map((name) => [name, HIDDEN])),
});

/** Shorter values are not searched in texts: `1` or `true` is in most of them, and tells nothing. */
const SHORTEST = 8;

/** The text with `***` for each of the values, and for each line of a value of several lines. */
export const withoutValues = (text: string, values: readonly string[]): string =>
  values
    .flatMap((value) => value.split("\n"))
    .filter((value) => value.length >= SHORTEST)
    .toSorted((a, b) => b.length - a.length)
    .reduce((rest, value) => rest.replaceAll(value, HIDDEN), text);
