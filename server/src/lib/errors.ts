import type { ProblemKind } from "@load-manager/contract/api/problem.ts";

type FieldError = { readonly field: string; readonly message: string };

/** An error for the caller: problem+json in HTTP, a line in the CLI. */
export class AppError extends Error {
  readonly kind: ProblemKind;
  readonly fields: readonly FieldError[];
  /** Additional members of the problem document. */
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(
    kind: ProblemKind,
    detail: string,
    options: {
      fields?: readonly FieldError[];
      extra?: Readonly<Record<string, unknown>>;
      cause?: unknown;
    } = {},
  ) {
    super(detail, options.cause === undefined ? {} : { cause: options.cause });
    this.name = "AppError";
    this.kind = kind;
    this.fields = options.fields ?? [];
    this.extra = options.extra ?? {};
  }
}

/** Equal for an object that does not exist and one that the caller may not see. */
export const notFound = (what: string, id: string): AppError =>
  new AppError("not-found", `There is no ${what} with the id ${JSON.stringify(id)}.`);

/** The object is not in the version that the client names. */
export const stale = (what: string, id: string): AppError =>
  new AppError("stale", `The ${what} ${id} has changed since the client read it; read it again.`);

export const invalid = (field: string, message: string): AppError =>
  new AppError("validation", `${field} ${message}.`, { fields: [{ field, message }] });

/** Names each field that is at fault; the message follows the field's name. */
export const refused = (fields: readonly FieldError[]): AppError =>
  new AppError("validation", fields.map(({ field, message }) => `${field} ${message}.`).join(" "), {
    fields,
  });

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
