import { z } from "zod";
import { AppError } from "../lib/errors.ts";
import { fieldOf, messagesOf } from "../lib/zod-messages.ts";
import { didYouMean } from "../lib/did-you-mean.ts";

type Path = readonly PropertyKey[];
/** A fault of a setting. `message` continues a sentence that begins with its name: `must be text`. */
export type Fault = { readonly path: Path; readonly message: string };

type Shape = z.core.JSONSchema._JSONSchema;
const branches = (shape: Shape): z.core.JSONSchema.BaseSchema[] =>
  typeof shape === "boolean"
    ? []
    : [shape, ...[...(shape.anyOf ?? []), ...(shape.oneOf ?? [])].flatMap(branches)];

/** The keys that a schema allows at this path. */
export const namesAt = (schema: z.ZodType, path: Path): string[] => {
  let shapes = branches(z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }));
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

/** The issues of a schema as faults. */
export const faultsOf = (schema: z.ZodType, issues: readonly z.core.$ZodIssue[]): Fault[] =>
  issues.flatMap((issue) =>
    messagesOf(issue, (path, key) => `is not a setting${didYouMean(key, namesAt(schema, path))}`),
  );

/** One line for each fault: place, name, message. */
export const faultsError = (
  faults: readonly Fault[],
  placeOf: (path: Path) => string | undefined,
): AppError => {
  const lines = faults.map(({ path, message }) => {
    const place = placeOf(path);
    return `${place === undefined ? "" : `${place}: `}${fieldOf(path)} ${message}`;
  });
  return new AppError("validation", lines.join("\n"), {
    fields: faults.map(({ path, message }) => ({ field: fieldOf(path), message })),
  });
};
