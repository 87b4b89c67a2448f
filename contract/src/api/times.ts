/**
 * Where a JSON document has times: `true` is a time, an object says it of the fields of its names, and `*` of every item of a list
 * and every value of a map.
 */
export type Times = true | { readonly [field: string]: Times };

/** Turns the ISO 8601 times of a document that was just parsed into Unix ms, in place. */
export const decodeTimes = (times: Times | undefined, json: unknown): unknown => {
  if (times === undefined) return json;
  if (times === true) return typeof json === "string" ? Date.parse(json) : json;
  if (typeof json !== "object" || json === null) return json;
  const fields = json as Record<string, unknown>;
  const { "*": each, ...named } = times;
  if (each !== undefined)
    for (const key of Object.keys(fields)) fields[key] = decodeTimes(each, fields[key]);
  for (const [key, inside] of Object.entries(named))
    if (key in fields) fields[key] = decodeTimes(inside, fields[key]);
  return json;
};
