import type { OptionValue } from "@load-manager/contract/model/script-options.ts";

/** A value as somebody types it where the type of the option is not known. */
export const textOfValue = (value: OptionValue): string =>
  Array.isArray(value) ? JSON.stringify(value) : String(value);

const listOf = (text: string): string[] | undefined => {
  try {
    const parsed: unknown = JSON.parse(text);
    const isList = Array.isArray(parsed) && parsed.every((one) => typeof one === "string");
    return isList ? parsed : undefined;
  } catch {
    return undefined;
  }
};

/** `true` and `false` are for flags, `["a", "b"]` is a list; everything else is a text, which a script reads as its option needs it. */
export const valueOfText = (text: string): OptionValue => {
  if (text === "true" || text === "false") return text === "true";
  return text.startsWith("[") ? (listOf(text) ?? text) : text;
};

/** A number where the text is one as JSON writes it; what is none the server refuses in its own words. */
export const numberOfText = (text: string): OptionValue => {
  const number = Number(text);
  return Number.isFinite(number) && String(number) === text.trim() ? number : text;
};
