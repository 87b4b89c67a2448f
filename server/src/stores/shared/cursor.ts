import { invalid } from "../../lib/errors.ts";

/** A place in a sorted list: the sort value of the last item given (null: it has none) and its id. */
export type Place<Value extends string | number | null = string | number | null> = {
  readonly value: Value;
  readonly id: string;
};

export const encodeCursor = (sort: string, place: Place): string =>
  Buffer.from(JSON.stringify([sort, place.value, place.id])).toString("base64url");

const parse = (cursor: string): unknown => {
  try {
    return JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
};

const isValue = (value: unknown, type: "text" | "number"): value is string | number | null =>
  type === "text" ? typeof value === "string" : value === null || Number.isSafeInteger(value);

/** The place that `encodeCursor` wrote for the same sort. Throws AppError validation, field `cursor`, for anything else. */
export const decodeCursor = (
  cursor: string | undefined,
  sort: string,
  type: "text" | "number",
): Place | undefined => {
  if (cursor === undefined) return undefined;
  const parts = parse(cursor);
  if (!Array.isArray(parts) || parts.length !== 3 || typeof parts[0] !== "string") {
    throw invalid("cursor", "is not one that this list has given; leave it out to begin anew");
  }
  const [of, value, id]: unknown[] = parts;
  if (of !== sort) {
    throw invalid("cursor", "belongs to a list that is sorted in another way");
  }
  if (!isValue(value, type) || typeof id !== "string") {
    throw invalid("cursor", "is not one that this list has given; leave it out to begin anew");
  }
  return { value, id };
};
