/**
 * Parses a stored document. SQLite's pages have no checksums, so a damaged one may be read without an error: text that is
 * no longer JSON is reported as damage, as SQLite would report it.
 */
export const parsed = <T>(json: string): T => {
  try {
    return JSON.parse(json) as T;
  } catch (cause) {
    throw Object.assign(new Error("a document is not JSON", { cause }), { code: "SQLITE_CORRUPT" });
  }
};
