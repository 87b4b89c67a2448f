/**
 * The form in which names are compared and searched, in every store: without case, composed, and without lone
 * surrogates, which databases change. The two small sigmas are one.
 */
export const nameKey = (name: string): string =>
  name.toWellFormed().normalize("NFC").toLowerCase().replaceAll("ς", "σ");

/** Order of the UTF-8 bytes: that of the databases. JavaScript's own is that of UTF-16 units. */
export const compareText = (a: string, b: string): number =>
  a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
