/**
 * What was stored as JSON. SQLite's pages have no checksums, so a damaged one may be read without a complaint: what is not
 * JSON any more is reported as SQLite reports damage.
 */
export const parsed = <T>(json: string): T => {
  try {
    return JSON.parse(json) as T;
  } catch (cause) {
    throw Object.assign(new Error("a document is not JSON", { cause }), { code: "SQLITE_CORRUPT" });
  }
};
