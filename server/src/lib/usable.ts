import { fieldOf, messagesOf } from "@load-manager/contract/api/zod-messages.ts";
import type { z } from "zod";
import { AppError } from "./errors.ts";

/**
 * A setting as a run may have it: a migrated load test may have one that no request could set. An empty list asks for nothing,
 * and becomes `undefined`. Throws AppError validation.
 */
export const usable = <Item>(
  schema: z.ZodType<Item[], unknown>,
  value: readonly unknown[] | undefined,
  field: string,
): Item[] | undefined => {
  if (value === undefined || value.length === 0) return undefined;
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const fields = result.error.issues
    .flatMap((issue) => messagesOf(issue, () => "is not a known field"))
    .map(({ path, message }) => ({ field: fieldOf([field, ...path]), message }));
  const detail = fields.map((fault) => `${fault.field} ${fault.message}.`).join(" ");
  throw new AppError("validation", detail, { fields });
};
