import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { Permission } from "@load-manager/contract/api/access.ts";
import { isKeyed } from "@load-manager/contract/api/responses.ts";
import type { Route } from "@load-manager/contract/api/route.ts";
import type { Actor } from "@load-manager/contract/model/actor.ts";
import { routes, type Routes } from "@load-manager/contract/api/routes.ts";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import { type Access, accessOf } from "../auth/access.ts";
import type { Principal } from "../auth/principal.ts";
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
  readonly actor: Actor;
  /** What the caller may see, and whether it may do this. */
  readonly access: Access;
  readonly principal: Principal;
  /** The session's cookie. */
  readonly cookie: string | undefined;
  /** The caller reached the server by https. */
  readonly isHttps: boolean;
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
  actor: Actor;
  access: Access;
  principal: Principal;
  cookie: string | undefined;
  isHttps: boolean;
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

/** The permissions that a request needs: the route's, and those of the fields that the body has. */
const permissionsOf = (route: Route, body: unknown): Permission[] => {
  if (route.caller !== "user") return [];
  const fields = Object.entries(route.fieldPermissions ?? {}).filter(
    ([field]) =>
      typeof body === "object" &&
      body !== null &&
      Object.entries(body).some(([name, value]) => name === field && value !== undefined),
  );
  return [route.permission, ...fields.map(([, permission]) => permission)];
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

const parsedRequest = async (
  { authenticate, isHttps }: BindDeps,
  route: Route,
  request: FastifyRequest,
) => {
  const { principal, cookie } = await authenticate(route.caller, request);
  const params = route.params === undefined ? {} : parse(route.params, request.params, "path");
  const query = parse(route.query ?? z.strictObject({}), request.query, "query");
  const body = bodyOf(route, request);
  return {
    params,
    query,
    body,
    principal,
    actor: { ...principal.actor, requestId: request.id },
    access: accessOf(principal, permissionsOf(route, body)),
    cookie,
    isHttps: isHttps(request),
    ifMatch: ifMatchOf(route, request),
    lastEventId: lastEventIdOf(request),
  };
};

const answer = async (
  deps: BindDeps,
  route: Route,
  handler: AnyHandler,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> => {
  const { ids, idempotency } = deps;
  const parsed = await parsedRequest(deps, route, request);
  const key = request.headers["idempotency-key"];
  if (typeof key === "string" && isKeyed(route)) {
    const { body, principal } = parsed;
    const same = { method: route.method, path: request.url, body };
    const { answer: once, replayed } = await idempotency.once(
      key,
      principal,
      same,
      async (newId) => {
        const response = encoded(route, await handler({ ...parsed, newId }));
        return response ?? { status: 204, headers: {}, body: "" };
      },
    );
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
    if (parsed.cookie !== undefined) deps.endWithSession(parsed.cookie, reply.raw);
    return reply;
  }
  const status = result.status ?? Number(Object.keys(route.answers)[0]);
  const shape = route.answers[status];
  const json = encoded(route, result);
  const headers = json?.headers ?? result.headers;
  void reply.status(status).headers({ "cache-control": "no-store", ...headers });
  if (result.raw !== undefined) {
    const type =
      result.contentType ?? (typeof shape === "string" ? shape : "text/plain; charset=utf-8");
    const { raw } = result;
    return reply.type(type).send(typeof raw === "string" ? raw : Readable.from(raw));
  }
  if (json === undefined) return reply.send();
  return reply.type("application/json; charset=utf-8").send(json.body);
};

type BindDeps = {
  readonly authenticate: (
    caller: Route["caller"],
    request: FastifyRequest,
  ) => Promise<{ readonly principal: Principal; readonly cookie: string | undefined }>;
  readonly isHttps: (request: FastifyRequest) => boolean;
  /** Ends a stream when the session of its reader ends. */
  readonly endWithSession: (cookie: string, response: ServerResponse) => void;
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
