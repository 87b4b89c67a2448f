import { z } from "zod";

/** RFC 9457. `type` is stable and is what programs look at; `detail` is for people. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  requestId: z.string().optional(),
});
export type Problem = z.output<typeof Problem>;

/** Every kind of error that the API answers: its status and title. The key ends the problem's `type`. */
export const PROBLEMS = {
  validation: { status: 400, title: "The request is not valid" },
  unauthorized: { status: 401, title: "Who is calling is not known" },
  forbidden: { status: 403, title: "This is not allowed" },
  "not-found": { status: 404, title: "There is nothing here" },
  "method-not-allowed": { status: 405, title: "This address does not take this method" },
  conflict: { status: 409, title: "This does not fit the present state" },
  "cluster-unresolved": { status: 409, title: "No cluster can be chosen for this run" },
  gone: { status: 410, title: "This is past" },
  stale: { status: 412, title: "The object has changed since it was read" },
  "too-large": { status: 413, title: "The body is too large" },
  "unsupported-media-type": { status: 415, title: "The content type is not understood" },
  "not-implemented": { status: 501, title: "This is not built" },
  "key-reused": { status: 422, title: "This Idempotency-Key belongs to another request" },
  unavailable: { status: 503, title: "Not available just now" },
  internal: { status: 500, title: "Something broke on our side" },
} as const;
export type ProblemKind = keyof typeof PROBLEMS;

export const problemType = (kind: ProblemKind): string =>
  `https://load-manager.dev/problems/${kind}`;
