import { ProblemError, UnreachableError } from "@load-manager/contract/api/http-client.ts";
import { createPlainClient } from "@load-manager/contract/api/plain-client.ts";
import { createConnection } from "./connection.ts";
import { timedFetch } from "./server-time.ts";

/** Whether the server of this page answers. */
export const connection = createConnection(timedFetch, { now: () => Date.now() });

/** The server's own page: the cookie of a session does without a token. */
export const client = createPlainClient({ baseUrl: "", fetch: connection.fetch });

/** Whether the server is away for the moment, so that the same request may succeed later. */
export const isAway = (error: unknown): boolean =>
  error instanceof UnreachableError || (error instanceof ProblemError && error.status >= 500);

export const isUnauthorized = (error: unknown): boolean =>
  error instanceof ProblemError && error.status === 401;

/** Whether the request has not reached the server. */
export const isUnreached = (error: unknown): boolean => error instanceof UnreachableError;

/** What a person can read of an error. */
export const messageOf = (error: unknown): string => {
  // Nobody has typed an address: it is the server that the page is from.
  if (isUnreached(error)) return "The server of this page does not answer.";
  return error instanceof Error ? error.message : String(error);
};
