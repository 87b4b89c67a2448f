import { z } from "zod";

type Shape = z.core.JSONSchema._JSONSchema;

const branches = (shape: Shape): z.core.JSONSchema.BaseSchema[] =>
  typeof shape === "boolean"
    ? []
    : [shape, ...[...(shape.anyOf ?? []), ...(shape.oneOf ?? [])].flatMap(branches)];

const converted = new WeakMap<z.ZodType, z.core.JSONSchema.BaseSchema>();

const jsonSchemaOf = (schema: z.ZodType): z.core.JSONSchema.BaseSchema => {
  const known = converted.get(schema);
  if (known !== undefined) return known;
  const made = z.toJSONSchema(schema, { io: "input", unrepresentable: "any", reused: "inline" });
  converted.set(schema, made);
  return made;
};

/** The keys that a schema allows at this path. */
export const namesAt = (schema: z.ZodType, path: readonly PropertyKey[]): string[] => {
  let shapes = branches(jsonSchemaOf(schema));
  for (const part of path) {
    shapes = shapes
      .flatMap(({ items, properties, additionalProperties }) =>
        typeof part === "number"
          ? [items].flat()
          : [properties?.[String(part)] ?? additionalProperties],
      )
      .flatMap((next) => (next === undefined ? [] : branches(next)));
  }
  return [...new Set(shapes.flatMap(({ properties }) => Object.keys(properties ?? {})))];
};
