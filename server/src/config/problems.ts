import type { z } from "zod";
import { didYouMean } from "../lib/did-you-mean.ts";
import { AppError } from "../lib/errors.ts";
import { namesAt } from "../lib/schema-names.ts";
import { fieldOf, messagesOf } from "@load-manager/contract/api/zod-messages.ts";

type Path = readonly PropertyKey[];
/** A fault of a setting. `message` continues a sentence that begins with its name: `must be text`. */
export type Fault = { readonly path: Path; readonly message: string };

/** The issues of a schema as faults. */
export const faultsOf = (schema: z.ZodType, issues: readonly z.core.$ZodIssue[]): Fault[] =>
  issues.flatMap((issue) =>
    messagesOf(issue, (path, key) => `is not a setting${didYouMean(key, namesAt(schema, path))}`),
  );

/** `load-manager.yaml:3:5` as a number that grows with line and column; places without these come first. */
const positionOf = (place: string | undefined): number => {
  const [, line, column] = /:(\d+):(\d+)$/.exec(place ?? "") ?? [];
  return line === undefined ? 0 : Number(line) * 1e6 + Number(column);
};

/** One line for each fault: place, name, message; in the order of their places. */
export const faultsError = (
  given: readonly Fault[],
  placeOf: (path: Path) => string | undefined,
): AppError => {
  const faults = given.toSorted(
    (a, b) => positionOf(placeOf(a.path)) - positionOf(placeOf(b.path)),
  );
  const lines = faults.map(({ path, message }) => {
    const place = placeOf(path);
    return `${place === undefined ? "" : `${place}: `}${fieldOf(path)} ${message}`;
  });
  return new AppError("validation", lines.join("\n"), {
    fields: faults.map(({ path, message }) => ({ field: fieldOf(path), message })),
  });
};
