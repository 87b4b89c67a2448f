import { ProblemError, UnreachableError } from "@load-manager/contract/api/http-client.ts";
import { createPlainClient } from "@load-manager/contract/api/plain-client.ts";
import { timedFetch } from "./server-time.ts";

/** The server's own page: the cookie of a session does without a token. */
export const client = createPlainClient({ baseUrl: "", fetch: timedFetch });

/** Whether the server is away for the moment, so that the same request may succeed later. */
export const isAway = (error: unknown): boolean =>
  error instanceof UnreachableError || (error instanceof ProblemError && error.status >= 500);

export const isUnauthorized = (error: unknown): boolean =>
  error instanceof ProblemError && error.status === 401;

/** What a person can read of an error. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
