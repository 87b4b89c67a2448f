import type { z } from "zod";
import { AppError } from "../lib/errors.ts";
import { fieldOf, messagesOf } from "../lib/zod-messages.ts";

const NOT_A_FIELD = (): string => "is not a known field";

/** Parses one part of a request. Throws AppError validation that names every invalid field. */
export const parse = <Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  where: "body" | "query" | "path",
): z.output<Schema> => {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const fields = result.error.issues
    .flatMap((issue) => messagesOf(issue, NOT_A_FIELD))
    .map(({ path, message }) => ({
      // A list in a query string is one parameter: `status=a,b`.
      field: path.length === 0 ? where : fieldOf(where === "query" ? path.slice(0, 1) : path),
      message,
    }));
  const [first] = fields;
  const more = fields.length > 1 ? ` (and ${fields.length - 1} more)` : "";
  throw new AppError(
    "validation",
    `${first?.field ?? where} ${first?.message ?? "is invalid"}${more}.`,
    {
      fields,
    },
  );
};
