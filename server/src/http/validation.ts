import type { z } from "zod";
import { AppError } from "../lib/errors.ts";
import { didYouMean } from "../lib/did-you-mean.ts";
import { namesAt } from "../lib/schema-names.ts";
import { asSent, todaysName, withTodaysNames } from "./older-names.ts";
import { fieldOf, messagesOf } from "@load-manager/contract/api/zod-messages.ts";

/** A request may have as many faults as it has bytes; the answer names this many. */
const NAMED_FAULTS = 50;

/** Parses one part of a request. Throws AppError validation that names every invalid field. */
export const parse = <Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  where: "body" | "query" | "path",
): z.output<Schema> => {
  const { value: given, sentAs } =
    where === "body" ? withTodaysNames(schema, value) : asSent(value);
  const result = schema.safeParse(given, { reportInput: true });
  if (result.success) return result.data;
  let compared = 0;
  const unknownField = (path: readonly PropertyKey[], key: string): string => {
    compared += 1;
    // Only so many are named; comparing all of a large body would take long.
    const near =
      compared > NAMED_FAULTS ? "" : todaysName(key) || didYouMean(key, namesAt(schema, path));
    return `is not a known field${near}`;
  };
  const fields = result.error.issues
    .flatMap((issue) => messagesOf(issue, unknownField))
    .map(({ path: [top, ...rest], message }) => ({
      // A list in a query string is one parameter: `status=a,b`.
      field:
        top === undefined
          ? where
          : fieldOf([sentAs(String(top)), ...(where === "query" ? [] : rest)]),
      message,
    }));
  const [first] = fields;
  const others = fields.length - 1;
  const named = fields.length > NAMED_FAULTS ? `, of which errors names ${NAMED_FAULTS - 1}` : "";
  const more = others > 0 ? ` (and ${others} more${named})` : "";
  throw new AppError(
    "validation",
    `${first?.field ?? where} ${first?.message ?? "is invalid"}${more}.`,
    { fields: fields.slice(0, NAMED_FAULTS) },
  );
};
