import { type Client, clientOf, type ClientOptions, type Operation, ZIP } from "./http-client.ts";
import { EVENT_SHAPES } from "./event-shapes.ts";
import type { Route } from "./route.ts";
import { routes } from "./routes.ts";

/** The content type of a live stream. */
const STREAM = "text/event-stream";

const operationOf = ({ method, path, body, bodyOptional, answers }: Route): Operation => {
  const readings = Object.entries(answers).map(([status, shape]) => {
    if (shape === null) return [status, "none"] as const;
    if (shape === STREAM) return [status, "stream"] as const;
    if (shape === ZIP) return [status, "bytes"] as const;
    if (typeof shape === "string") return [status, "text"] as const;
    return [status, (json: unknown) => shape.parse(json)] as const;
  });
  return {
    method,
    path,
    sendsBody: body !== undefined && bodyOptional !== true,
    answers: Object.fromEntries(readings),
  };
};

const OPERATIONS = Object.fromEntries(
  Object.entries(routes).map(([key, route]) => [key, operationOf(route)]),
);

/**
 * A client of a Load Manager server, for Node and for browsers, which checks every answer. Its functions reject with ProblemError or UnreachableError.
 * `streamRun` is iterated: `for await (const event of client.streamRun({ params: { runId } }))`; it connects again where the
 * connection breaks, ends with the run, and throws UnreadableStreamError where it is no stream of this API. `streamChanges` likewise, but
 * it ends with its signal only.
 */
export const createClient = (options: ClientOptions): Client =>
  clientOf(OPERATIONS, (type, json) => EVENT_SHAPES[type].parse(json), options);
