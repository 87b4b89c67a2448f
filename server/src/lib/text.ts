/**
 * The form in which names are compared and searched, in every store: without case, composed, and without lone
 * surrogates, which databases change. The two small sigmas are one.
 */
export const nameKey = (name: string): string =>
  name.toWellFormed().normalize("NFC").toLowerCase().replaceAll("ς", "σ");

/** The words of a search, in the form of `nameKey`. */
export const searchWords = (text: string): string[] =>
  nameKey(text)
    .split(/\s+/)
    .filter((word) => word !== "");

/** What may not stand before the start of a word. */
export const IN_WORD = String.raw`[\p{L}\p{N}\p{M}]`;
const ENDS_IN_WORD = new RegExp(`${IN_WORD}$`, "u");
const BEGINS_AS_WORD = new RegExp(`^${IN_WORD}`, "u");

/** Whether it begins with a letter or digit. Anything else is found also within a word. */
export const isWord = (text: string): boolean => BEGINS_AS_WORD.test(text);

/** Whether a word of the text begins with `start`. */
export const hasWordStart = (text: string, start: string): boolean => {
  for (let at = text.indexOf(start); at >= 0; at = text.indexOf(start, at + 1)) {
    if (!isWord(start) || !ENDS_IN_WORD.test(text.slice(0, at))) return true;
  }
  return false;
};

/** Order of the UTF-8 bytes: that of the databases. JavaScript's own is that of UTF-16 units. */
export const compareText = (a: string, b: string): number =>
  a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
