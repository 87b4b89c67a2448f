/**
 * How names are compared and searched, the same in every store: without case, composed, and without lone
 * surrogates, which no database keeps as they are. A capital sigma has two small ones; they count as one.
 */
export const nameKey = (name: string): string =>
  name.toWellFormed().normalize("NFC").toLowerCase().replaceAll("ς", "σ");

/** Order of the UTF-8 bytes: that of the databases. JavaScript's own is that of UTF-16 units. */
export const compareText = (a: string, b: string): number =>
  a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
