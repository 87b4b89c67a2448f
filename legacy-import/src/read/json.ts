import { BSON } from "mongodb";

/** A value that JSON can hold. */
export type Json = string | number | boolean | null | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json };

/** Driver options for older documents: a long is a bigint, an int or a double a number, the rest stays BSON. */
export const READ = {
  useBigInt64: true,
  promoteBuffers: false,
  bsonRegExp: true,
  enableUtf8Validation: false,
} as const;

export const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/** A BSON value as JSON without loss: types unknown to JSON are written as Extended JSON (`{"$date": …}`). */
export const toJson = (value: unknown): Json => {
  if (value === undefined || value === null) return null;
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") {
    return Number.isFinite(value) ? value : { $numberDouble: String(value) };
  }
  if (typeof value === "bigint") {
    const small =
      BigInt(Number.MIN_SAFE_INTEGER) <= value && value <= BigInt(Number.MAX_SAFE_INTEGER);
    return small ? Number(value) : { $numberLong: String(value) };
  }
  if (Array.isArray(value)) return value.map(toJson);
  if (isPlain(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, toJson(part)]));
  }
  if (value instanceof Date && Number.isNaN(value.getTime())) return { $date: "invalid" };
  return BSON.EJSON.serialize(value, { relaxed: true });
};

export const sameJson = (a: unknown, b: unknown): boolean =>
  JSON.stringify(toJson(a)) === JSON.stringify(toJson(b));

/** A whole number of at most 2^53, whatever number type holds it. */
export const wholeOf = (value: unknown): number | undefined => {
  const number = typeof value === "bigint" ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) ? number + 0 : undefined;
};

/** A finite number, whatever number type holds it. */
export const numberOf = (value: unknown): number | undefined => {
  if (typeof value === "bigint") return wholeOf(value);
  if (value instanceof BSON.Decimal128) return numberOf(Number(value.toString()));
  return typeof value === "number" && Number.isFinite(value) ? value + 0 : undefined;
};

/** The text of an id that is a string, an ObjectId, a UUID or a whole number. */
export const idOf = (value: unknown): string | undefined => {
  if (value instanceof BSON.ObjectId) return value.toHexString();
  if (value instanceof BSON.Binary && value.sub_type === BSON.Binary.SUBTYPE_UUID) {
    try {
      return value.toUUID().toHexString();
    } catch {
      return undefined;
    }
  }
  const text = typeof value === "string" ? value : wholeOf(value)?.toString();
  return text === undefined || text.trim() === "" || text.length > 128 ? undefined : text;
};
