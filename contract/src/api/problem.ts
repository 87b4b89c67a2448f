import { z } from "zod";

/** RFC 9457. Programs test `type`, which is stable; `detail` is for people. */
export const Problem = z.object({
  type: z.string().describe("The kind of problem as an address that never changes, for programs."),
  title: z.string().describe("The kind of problem in a few words."),
  status: z.int().describe("The HTTP status."),
  detail: z.string().describe("What is wrong with this request and what to do, for people."),
  errors: z
    .array(
      z.object({
        field: z
          .string()
          .describe("The field, parameter or header, such as autoStop.windowSeconds."),
        message: z.string().describe("What is wrong with it."),
      }),
    )
    .optional()
    .describe("The invalid fields of the request, the first 50 of them."),
  requestId: z.string().optional().describe("The id of the request in the server's log."),
  retryAfterSeconds: z
    .int()
    .optional()
    .describe("When to try again, in seconds, as Retry-After says; only of a 429."),
});
export type Problem = z.output<typeof Problem>;

/** Every kind of error in the API. The key is the last part of the problem's `type`. */
export const PROBLEMS = {
  validation: {
    status: 400,
    title: "Invalid request",
    meaning: "The request is invalid; errors names the fields.",
  },
  unauthorized: { status: 401, title: "Unauthorized", meaning: "The token is missing or unknown." },
  forbidden: {
    status: 403,
    title: "Forbidden",
    meaning:
      "The caller may not do this, or the server has no tokens and the request came from elsewhere.",
  },
  "not-found": {
    status: 404,
    title: "Not found",
    meaning: "The object does not exist, or the caller may not see it.",
  },
  "method-not-allowed": {
    status: 405,
    title: "Method not allowed",
    meaning: "The path does not accept this method; Allow names those that it accepts.",
  },
  "request-timeout": {
    status: 408,
    title: "Request timeout",
    meaning: "The request did not arrive in time.",
  },
  conflict: {
    status: 409,
    title: "Conflict",
    meaning:
      "The request conflicts with the state of the object, or one with the same Idempotency-Key is in progress.",
  },
  "cluster-unresolved": {
    status: 409,
    title: "Cluster not resolved",
    meaning: "No cluster serves the load test, or several do and none is named.",
  },
  gone: { status: 410, title: "Gone", meaning: "The run is deleted or being deleted." },
  stale: {
    status: 412,
    title: "Stale version",
    meaning: "The object has changed since the version of If-Match.",
  },
  "too-large": {
    status: 413,
    title: "Body too large",
    meaning: "The body is larger than this operation accepts.",
  },
  "unsupported-media-type": {
    status: 415,
    title: "Unsupported media type",
    meaning: "The body has another content type than this operation accepts.",
  },
  "key-reused": {
    status: 422,
    title: "Idempotency key reused",
    meaning: "The Idempotency-Key was used for another request.",
  },
  "headers-too-large": {
    status: 431,
    title: "Headers too large",
    meaning: "The request line and headers are larger than 16 KiB.",
  },
  "too-many-requests": {
    status: 429,
    title: "Too many requests",
    meaning:
      "The address sent too many requests without a known token, or attempts to sign in; Retry-After says when to try again.",
  },
  unavailable: {
    status: 503,
    title: "Service unavailable",
    meaning:
      "The store or something else that the server needs does not answer; Retry-After says when to try again.",
  },
  internal: {
    status: 500,
    title: "Internal error",
    meaning: "An error of the server; its log has the details under the request's id.",
  },
} as const;
export type ProblemKind = keyof typeof PROBLEMS;

export const problemType = (kind: ProblemKind): string =>
  `https://load-manager.dev/problems/${kind}`;
