import type { z } from "zod";
import { AppError } from "../lib/errors.ts";

/** `autoStop.windowSeconds`, `tags[3]` */
const fieldOf = (path: readonly PropertyKey[]): string =>
  path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .replace(/^\./, "");

const messageFor = (issue: z.core.$ZodIssue): string => {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined && issue.message.startsWith("Invalid input")
        ? "is required"
        : issue.message.startsWith("Invalid input")
          ? `must be ${articled(issue.expected)}`
          : issue.message;
    case "invalid_value":
      return `must be one of ${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
    case "too_big":
      return issue.message.startsWith("Too big")
        ? `must be at most ${limit(issue, issue.maximum)}`
        : issue.message;
    case "too_small":
      return issue.message.startsWith("Too small")
        ? `must be at least ${limit(issue, issue.minimum)}`
        : issue.message;
    default:
      return issue.message;
  }
};

const UNITS: Record<string, string> = { string: " characters long", array: " entries" };
const limit = (issue: { readonly origin: string }, bound: number | bigint): string =>
  `${bound}${UNITS[issue.origin] ?? ""}`;

const articled = (type: string): string =>
  type === "int" ? "a whole number" : /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;

/** A union's own message says nothing; the branch that came farthest does. */
const flat = (issue: z.core.$ZodIssue): { path: readonly PropertyKey[]; message: string }[] => {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: [...issue.path, key],
      message: "is not a field here",
    }));
  }
  return [{ path: issue.path, message: messageFor(issue) }];
};

/** Parses one part of a request. Throws AppError validation naming every field that is wrong. */
export const parse = <Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  where: "body" | "query" | "path",
): z.output<Schema> => {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const fields = result.error.issues.flatMap(flat).map(({ path, message }) => ({
    // A list in a query string is one field: `status=a,b`.
    field: path.length === 0 ? where : fieldOf(where === "query" ? path.slice(0, 1) : path),
    message,
  }));
  const [first] = fields;
  const more = fields.length > 1 ? ` (and ${fields.length - 1} more)` : "";
  throw new AppError(
    "validation",
    `${first?.field ?? where} ${first?.message ?? "is not valid"}${more}.`,
    {
      fields,
    },
  );
};
