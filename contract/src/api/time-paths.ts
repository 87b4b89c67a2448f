import { z } from "zod";
import type { Times } from "./times.ts";

/** A time, another value, or the parts of a document; `undefined` for null, which may stand for anything. */
type Part = "time" | "other" | undefined | { readonly [field: string]: Part };

const merged = (one: Part, other: Part): Part => {
  if (one === undefined || one === other) return other;
  if (other === undefined) return one;
  if (typeof one === "string" || typeof other === "string") {
    // A time is a text: beside other texts it could not be told apart.
    if (one === "time" || other === "time") throw new Error("a field is a time and something else");
    return typeof one === "string" ? other : one;
  }
  const fields = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries([...fields].map((field) => [field, merged(one[field], other[field])]));
};

/** Defaults are of requests; the server's answers have every field. */
const WRAPPERS = [z.ZodOptional, z.ZodNullable, z.ZodNonOptional, z.ZodDefault] as const;
/** The types of values that are no times and have none inside. */
const PLAIN = new Set(["string", "number", "boolean", "enum", "literal", "lazy", "unknown", "any"]);

const partOf = (schema: z.core.$ZodType): Part => {
  // A codec is of a time, or of values that answers hide, whose decoding changes nothing.
  if (schema instanceof z.ZodCodec) {
    return schema.def.in instanceof z.ZodISODateTime ? "time" : partOf(schema.def.in);
  }
  for (const Wrapper of WRAPPERS) if (schema instanceof Wrapper) return partOf(schema.unwrap());
  if (schema instanceof z.ZodArray) return { "*": partOf(schema.element) };
  if (schema instanceof z.ZodRecord) return { "*": partOf(schema.valueType) };
  if (schema instanceof z.ZodUnion) return schema.options.map(partOf).reduce(merged, undefined);
  if (schema instanceof z.ZodObject)
    return Object.fromEntries(
      Object.entries(schema.shape as z.ZodRawShape).map(([field, of]) => [field, partOf(of)]),
    );
  const type = schema instanceof z.ZodType ? schema.def.type : "unknown to this program";
  if (type === "null") return undefined;
  if (!PLAIN.has(type)) throw new Error(`an answer has a value of the type ${type}`);
  return "other";
};

const timesIn = (part: Part): Times | undefined => {
  if (part === "time") return true;
  if (part === undefined || part === "other") return undefined;
  const fields = Object.entries(part).flatMap(([field, inside]) => {
    const times = timesIn(inside);
    return times === undefined ? [] : [[field, times] as const];
  });
  return fields.length === 0 ? undefined : Object.fromEntries(fields);
};

/** Where the documents of a schema have times; `undefined` where they have none. Throws where decoding would be more than that. */
export const timePathsOf = (schema: z.core.$ZodType): Times | undefined => timesIn(partOf(schema));
