import { type Client, clientOf, type ClientOptions, type Operation } from "./http-client.ts";
import { EVENT_TIMES, OPERATIONS } from "./operations.ts";
import type { PlainOperation } from "./plain-operation.ts";
import { decodeTimes } from "./times.ts";

const operationOf = ({ answers, ...operation }: PlainOperation): Operation => ({
  ...operation,
  answers: Object.fromEntries(
    Object.entries(answers).map(([status, reading]) => [
      status,
      typeof reading === "string" ? reading : (json: unknown) => decodeTimes(reading.times, json),
    ]),
  ),
});

/**
 * A client like that of `client.ts`, for the page of the same server: it loads no schemas and believes what the server
 * answers, whose own schemas have checked it.
 */
export const createPlainClient = (options: ClientOptions): Client =>
  clientOf(
    Object.fromEntries(
      Object.entries(OPERATIONS).map(([key, operation]) => [key, operationOf(operation)]),
    ),
    (type, json) => decodeTimes(EVENT_TIMES[type], json),
    options,
  );
