import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { isKeyed } from "@load-manager/contract/api/responses.ts";
import type { Route } from "@load-manager/contract/api/route.ts";
import { routes, type Routes } from "@load-manager/contract/api/routes.ts";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Access } from "../access/access.ts";
import type { Caller } from "../access/caller.ts";
import { guardLocal } from "../access/local-guard.ts";
import { AppError } from "../lib/errors.ts";
import type { Ids } from "../lib/ids.ts";
import type { Idempotency } from "./idempotency.ts";
import { parse } from "./validation.ts";

type Parsed<S> = S extends z.ZodType ? z.output<S> : Record<string, never>;
type Part<R, K extends "params" | "query" | "body"> =
  R extends Record<K, infer S> ? Parsed<S> : Record<string, never>;

/** A parsed request. `ifMatch` is the version of an If-Match header. */
type Request<R extends Route> = {
  readonly params: Part<R, "params">;
  readonly query: Part<R, "query">;
  readonly body: Part<R, "body">;
  readonly caller: Caller;
  readonly ifMatch: number | undefined;
  /** The last event that a reader of a stream received. */
  readonly lastEventId: string | undefined;
  /** The id of the object that this request creates; a repeat with the same Idempotency-Key has the same one. */
  readonly newId: string;
};

type Bodies<R extends Route> = {
  [S in keyof R["answers"]]: R["answers"][S] extends z.ZodType ? z.output<R["answers"][S]> : null;
}[keyof R["answers"]];

/** A response in the program's form, with times in ms; the binding encodes it. `raw` is sent unchanged; `stream` writes by itself. */
type Answer<R extends Route> = {
  readonly status?: number & keyof R["answers"];
  readonly headers?: Readonly<Record<string, string>>;
} & (
  | { readonly body: Bodies<R> }
  | { readonly raw: string | AsyncIterable<string>; readonly contentType?: string }
  | { readonly stream: (response: ServerResponse) => void }
);

/** One function per operation. */
export type Handlers = {
  readonly [K in keyof Routes]: (request: Request<Routes[K]>) => Promise<Answer<Routes[K]>>;
};

type AnyHandler = (request: {
  params: unknown;
  query: unknown;
  body: unknown;
  caller: Caller;
  ifMatch: number | undefined;
  lastEventId: string | undefined;
  newId: string;
}) => Promise<Result>;

type Result = {
  status?: number;
  headers?: Readonly<Record<string, string>>;
  body?: unknown;
  raw?: string | AsyncIterable<string>;
  contentType?: string;
  stream?: (response: ServerResponse) => void;
};

const NOBODY: Caller = { name: "nobody", administrator: false, scope: {} };
const LOCUST: Caller = { name: "locust", administrator: false, scope: {} };

export const callerOf = (
  access: Access,
  kind: Route["caller"],
  request: FastifyRequest,
): Caller => {
  if (kind === "anyone") return NOBODY;
  const { headers } = request;
  if (access.open) guardLocal(headers);
  if (kind === "locust") {
    const token = headers["x-locust-token"];
    if (access.isLocust(Array.isArray(token) ? undefined : token)) return LOCUST;
    throw new AppError(
      "unauthorized",
      "The header X-Locust-Token is missing or wrong. Set LOAD_MANAGER_TOKEN at Locust to the server's security.locustCallbackToken.",
    );
  }
  const caller = access.identify(headers.authorization);
  if (caller === undefined) {
    throw new AppError(
      "unauthorized",
      "The token is missing or unknown. Send Authorization: Bearer <token>.",
    );
  }
  return caller;
};

const ifMatchOf = (route: Route, request: FastifyRequest): number | undefined => {
  const given = request.headers["if-match"];
  if (route.versioned !== true || given === undefined || given.trim() === "*") return undefined;
  const version = /^\s*(?:W\/)?"(\d+)"\s*$/.exec(given)?.[1];
  if (version === undefined) {
    const message = 'must be an ETag from the server, such as "3"';
    throw new AppError("validation", `If-Match ${message}.`, {
      fields: [{ field: "If-Match", message }],
    });
  }
  return Number(version);
};

const lastEventIdOf = ({ headers }: FastifyRequest): string | undefined => {
  const given = headers["last-event-id"];
  return typeof given === "string" && given !== "" ? given : undefined;
};

const bodyOf = (route: Route, request: FastifyRequest): unknown => {
  if (route.body === undefined) return {};
  const { body } = request;
  if (body === undefined) {
    if (route.bodyOptional === true) return parse(route.body, {}, "body");
    throw new AppError("validation", "The body is empty; send a JSON object.", {
      fields: [{ field: "body", message: "is required" }],
    });
  }
  return parse(route.body, body, "body");
};

const versionOf = (body: unknown): number | undefined =>
  typeof body === "object" && body !== null && "version" in body && typeof body.version === "number"
    ? body.version
    : undefined;

/** `undefined` where the response has no JSON body. */
const encoded = (route: Route, result: Result) => {
  const status = result.status ?? Number(Object.keys(route.answers)[0]);
  const shape = route.answers[status];
  if (shape === null || shape === undefined || typeof shape === "string") return undefined;
  const version = route.versioned === true ? versionOf(result.body) : undefined;
  const headers = {
    ...result.headers,
    ...(version === undefined ? {} : { etag: `"${version}"` }),
  };
  return { status, headers, body: JSON.stringify(z.encode(shape, result.body)) };
};

const answer = async (
  { access, ids, idempotency }: BindDeps,
  route: Route,
  handler: AnyHandler,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> => {
  const caller = callerOf(access, route.caller, request);
  const parsed = {
    params: route.params === undefined ? {} : parse(route.params, request.params, "path"),
    query: parse(route.query ?? z.strictObject({}), request.query, "query"),
    body: bodyOf(route, request),
    caller,
    ifMatch: ifMatchOf(route, request),
    lastEventId: lastEventIdOf(request),
  };
  const key = request.headers["idempotency-key"];
  if (typeof key === "string" && isKeyed(route)) {
    const { body } = parsed;
    const same = { method: route.method, path: request.url, body };
    const { answer: once, replayed } = await idempotency.once(key, caller, same, async (newId) => {
      const response = encoded(route, await handler({ ...parsed, newId }));
      return response ?? { status: 204, headers: {}, body: "" };
    });
    if (replayed) void reply.header("idempotency-replayed", "true");
    return reply
      .status(once.status)
      .headers({ "cache-control": "no-store", ...once.headers })
      .type("application/json; charset=utf-8")
      .send(once.body);
  }
  const result = await handler({ ...parsed, newId: ids.next() });
  if (result.stream !== undefined) {
    // HEAD requests get headers only.
    if (request.method === "HEAD") return reply.type("text/event-stream; charset=utf-8").send();
    void reply.hijack();
    for (const [name, value] of Object.entries(reply.getHeaders())) {
      if (value !== undefined) reply.raw.setHeader(name, value);
    }
    result.stream(reply.raw);
    return reply;
  }
  const status = result.status ?? Number(Object.keys(route.answers)[0]);
  const shape = route.answers[status];
  void reply.status(status).headers({ "cache-control": "no-store", ...result.headers });
  if (result.raw !== undefined) {
    const type =
      result.contentType ?? (typeof shape === "string" ? shape : "text/plain; charset=utf-8");
    const { raw } = result;
    return reply.type(type).send(typeof raw === "string" ? raw : Readable.from(raw));
  }
  const json = encoded(route, result);
  if (json === undefined) return reply.send();
  return reply.headers(json.headers).type("application/json; charset=utf-8").send(json.body);
};

type BindDeps = {
  readonly access: Access;
  readonly ids: Ids;
  readonly idempotency: Idempotency;
};

/** Registers every route of the table. */
export const bindRoutes = (app: FastifyInstance, handlers: Handlers, deps: BindDeps): void => {
  for (const [key, route] of Object.entries(routes) as [keyof Routes, Route][]) {
    const handler = handlers[key] as unknown as AnyHandler;
    app.route({
      method: route.method,
      url: route.path,
      handler: (request, reply) => answer(deps, route, handler, request, reply),
    });
  }
};
