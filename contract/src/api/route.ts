import type { z } from "zod";

/** Who may call: anybody, a user's token, or Locust's callback token. */
type Caller = "anyone" | "user" | "locust";

/** One endpoint as data: everything else (validation, OpenAPI, docs, client types) is derived from it. */
export type Route = {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** `/v1/runs/:runId` */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly tag: string;
  readonly caller: Caller;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** True where every field of the body is optional, so that it may be absent. */
  readonly bodyOptional?: boolean;
  /** The success answer by status; `null` has no body; a string names a content type that is not JSON. */
  readonly answers: Readonly<Record<number, z.ZodType | string | null>>;
  /** Answers an ETag and honours If-Match. */
  readonly versioned?: boolean;
};

export const route = <const R extends Route>(definition: R): R => definition;
