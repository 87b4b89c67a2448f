import type { ProblemKind } from "@load-manager/contract/problem.ts";

type FieldError = { readonly field: string; readonly message: string };

/** An error that the caller may see. The http layer turns it into problem+json; the CLI into a line. */
export class AppError extends Error {
  readonly kind: ProblemKind;
  readonly fields: readonly FieldError[];
  /** More members of the problem document, for programs. */
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

/** The same words whether the object does not exist or belongs to somebody else. */
export const notFound = (what: string, id: string): AppError =>
  new AppError("not-found", `There is no ${what} with the id ${JSON.stringify(id)}.`);

export const invalid = (field: string, message: string): AppError =>
  new AppError("validation", `${field} ${message}.`, { fields: [{ field, message }] });

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
