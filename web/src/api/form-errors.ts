import { ProblemError } from "@load-manager/contract/api/http-client.ts";
import { fieldOf, messagesOf } from "@load-manager/contract/api/zod-messages.ts";

/** What is wrong with each field; the key is its path, such as `autoStop.windowSeconds`. */
export type FieldErrors = Readonly<Record<string, string>>;

type Schema = {
  readonly safeParse: (
    value: unknown,
    options: { readonly reportInput: true },
  ) => { readonly error?: { readonly issues: readonly Parameters<typeof messagesOf>[0][] } };
};

const firstOfEach = (
  errors: readonly { readonly field: string; readonly message: string }[],
): FieldErrors =>
  Object.fromEntries(errors.toReversed().map(({ field, message }) => [field, message]));

/** What a schema of the contract refuses in a body, in the words of the server. */
export const schemaErrors = (schema: Schema, body: unknown): FieldErrors =>
  firstOfEach(
    (schema.safeParse(body, { reportInput: true }).error?.issues ?? [])
      .flatMap((issue) => messagesOf(issue, () => "is not a known field"))
      .map(({ path, message }) => ({ field: fieldOf(path), message })),
  );

/** What the server has refused, by field; empty where the error names none. */
export const refusedFields = (error: unknown): FieldErrors =>
  error instanceof ProblemError ? firstOfEach(error.problem?.errors ?? []) : {};

/** Whether somebody else has changed the object since it was read. */
export const isStale = (error: unknown): boolean =>
  error instanceof ProblemError && error.status === 412;
