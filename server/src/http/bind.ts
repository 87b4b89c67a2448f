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
import type { Caller } from "../auth/authenticator.ts";
import type { Principal } from "../auth/principal.ts";
import { AppError } from "../lib/errors.ts";
import type { Ids } from "../lib/ids.ts";
import type { Callers } from "./callers.ts";
import type { Idempotency } from "./idempotency.ts";
import { SESSION_COOKIE } from "./cookies.ts";
import { parse } from "./validation.ts";

const MERGE_PATCH = "application/merge-patch+json";

declare module "fastify" {
  interface FastifyContextConfig {
    /** The limits by content type, where they are not those of other routes. */
    readonly bodyBytes?: Route["bodyBytes"];
  }
}

type Parsed<S> = S extends z.ZodType ? z.output<S> : Record<string, never>;
type Part<R, K extends "params" | "query" | "body"> =
  R extends Record<K, infer S> ? Parsed<S> : Record<string, never>;

/** The bytes of a zip archive, where the route takes one. */
type Archive<R> = R extends { readonly bodyBytes: { readonly "application/zip": number } }
  ? Uint8Array
  : never;

/** A parsed request. `ifMatch` is the version of an If-Match header. */
type Request<R extends Route> = {
  readonly params: Part<R, "params">;
  readonly query: Part<R, "query">;
  readonly body: Part<R, "body"> | Archive<R>;
  readonly actor: Actor;
  /** What the caller may see, and whether it may do this. */
  readonly access: Access;
  readonly principal: Principal;
  /** The session's cookie, whether it counts or not. */
  readonly cookie: string | undefined;
  /** The caller reached the server by https. */
  readonly isHttps: boolean;
  /** The caller's IP address. */
  readonly address: string;
  readonly ifMatch: number | undefined;
  /** The last event that a reader of a stream received. */
  readonly lastEventId: string | undefined;
  /** The id of the object that this request creates; a repeat with the same Idempotency-Key has the same one. */
  readonly newId: string;
};

type Bodies<R extends Route> = {
  [S in keyof R["answers"]]: R["answers"][S] extends z.ZodType ? z.output<R["answers"][S]> : null;
}[keyof R["answers"]];

type Raw = string | Uint8Array | AsyncIterable<string>;

/** A response in the program's form, with times in ms; the binding encodes it. `raw` is sent unchanged; `stream` writes by itself. */
type Answer<R extends Route> = {
  readonly status?: number & keyof R["answers"];
  readonly headers?: Readonly<Record<string, string>>;
} & (
  | { readonly body: Bodies<R> }
  | { readonly raw: Raw; readonly contentType?: string }
  /** The stream ends when `isAllowed` says no to what its reader may see then. */
  | {
      readonly stream: (response: ServerResponse) => void;
      readonly isAllowed: (access: Access) => boolean;
    }
);

/** One function per operation. */
export type Handlers = {
  readonly [K in keyof Routes]: (request: Request<Routes[K]>) => Promise<Answer<Routes[K]>>;
};

type AnyRequest = {
  params: unknown;
  query: unknown;
  body: unknown;
  actor: Actor;
  access: Access;
  principal: Principal;
  cookie: string | undefined;
  isHttps: boolean;
  address: string;
  ifMatch: number | undefined;
  lastEventId: string | undefined;
};
type AnyHandler = (request: AnyRequest & { newId: string }) => Promise<Result>;

type Result = {
  status?: number;
  headers?: Readonly<Record<string, string>>;
  body?: unknown;
  raw?: Raw;
  contentType?: string;
  stream?: (response: ServerResponse) => void;
  isAllowed?: (access: Access) => boolean;
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
  if (route.ifMatch !== true || given === undefined || given.trim() === "*") return undefined;
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
  // Bytes are no object, and an error for each of them would be an answer larger than the request.
  if (Buffer.isBuffer(body)) {
    if (route.bodyBytes?.["application/zip"] !== undefined) return body;
    const detail = "Send the body with Content-Type: application/json.";
    throw new AppError("unsupported-media-type", detail);
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
  const version = route.etag === true ? versionOf(result.body) : undefined;
  const headers = {
    ...result.headers,
    ...(version === undefined ? {} : { etag: `"${version}"` }),
  };
  return { status, headers, body: JSON.stringify(z.encode(shape, result.body)) };
};

/** What the route's onRequest hook has found out. */
const CALLER = "caller";
const callerOf = (request: FastifyRequest): Caller => request.getDecorator<Caller>(CALLER);

const parsedRequest = (
  { isHttps }: Pick<BindDeps, "isHttps">,
  route: Route,
  request: FastifyRequest,
): AnyRequest => {
  const { principal } = callerOf(request);
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
    cookie: request.cookies[SESSION_COOKIE],
    isHttps: isHttps(request),
    address: request.ip,
    ifMatch: ifMatchOf(route, request),
    lastEventId: lastEventIdOf(request),
  };
};

const answerOnce = async (
  { idempotency, checkAccess }: BindDeps,
  route: Route,
  handler: AnyHandler,
  request: FastifyRequest,
  reply: FastifyReply,
  given: { readonly key: string; readonly parsed: AnyRequest },
): Promise<FastifyReply> => {
  const { key, parsed } = given;
  const { body, actor } = parsed;
  const same = { method: route.method, path: request.url, body };
  const { answer: once, replayed } = await idempotency.once(key, actor, same, async (newId) => {
    const response = encoded(route, await handler({ ...parsed, newId }));
    return response ?? { status: 204, headers: {}, body: "" };
  });
  if (replayed) {
    // What the caller may do can have changed since the first answer.
    await checkAccess(parsed);
    void reply.header("idempotency-replayed", "true");
  }
  return reply
    .status(once.status)
    .headers({ "cache-control": "no-store", ...once.headers })
    .type("application/json; charset=utf-8")
    .send(once.body);
};

const answerStream = (
  { endWithAccess }: BindDeps,
  { stream, isAllowed }: Result,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply => {
  void reply.header("cache-control", "no-store");
  // HEAD requests get headers only.
  if (request.method === "HEAD") return reply.type("text/event-stream; charset=utf-8").send();
  void reply.hijack();
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) reply.raw.setHeader(name, value);
  }
  stream?.(reply.raw);
  if (isAllowed !== undefined) endWithAccess(callerOf(request), isAllowed, reply.raw);
  return reply;
};

const answer = async (
  deps: BindDeps,
  route: Route,
  handler: AnyHandler,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> => {
  const parsed = parsedRequest(deps, route, request);
  const key = request.headers["idempotency-key"];
  if (typeof key === "string" && isKeyed(route)) {
    return answerOnce(deps, route, handler, request, reply, { key, parsed });
  }
  const result = await handler({ ...parsed, newId: deps.ids.next() });
  if (result.stream !== undefined) return answerStream(deps, result, request, reply);
  const status = result.status ?? Number(Object.keys(route.answers)[0]);
  const shape = route.answers[status];
  const json = result.raw === undefined ? encoded(route, result) : undefined;
  const headers = json?.headers ?? result.headers;
  void reply.status(status).headers({ "cache-control": "no-store", ...headers });
  if (result.raw !== undefined) {
    const type =
      result.contentType ?? (typeof shape === "string" ? shape : "text/plain; charset=utf-8");
    const { raw } = result;
    return reply
      .type(type)
      .send(typeof raw === "string" || raw instanceof Uint8Array ? raw : Readable.from(raw));
  }
  if (json === undefined) return reply.send();
  return reply.type("application/json; charset=utf-8").send(json.body);
};

/** What a request with an Idempotency-Key is about, and whether its caller may do that: rejects as the handler would. */
export type CheckAccess = (
  request: Pick<AnyRequest, "params" | "body" | "access">,
) => Promise<void>;

type BindDeps = Callers & {
  readonly ids: Ids;
  readonly idempotency: Idempotency;
  readonly checkAccess: CheckAccess;
};

const JSON_TYPE = "application/json";

/** Bodies of other content types or sizes than elsewhere, in this scope only. */
const addBodyTypes = (scope: FastifyInstance, bytes: NonNullable<Route["bodyBytes"]>): void => {
  scope.removeContentTypeParser(JSON_TYPE);
  for (const [type, bodyLimit] of Object.entries(bytes)) {
    if (type === JSON_TYPE) {
      const parser = scope.getDefaultJsonParser("error", "error");
      scope.addContentTypeParser(type, { parseAs: "string", bodyLimit }, parser);
    } else {
      const options = { parseAs: "buffer", bodyLimit } as const;
      scope.addContentTypeParser(type, options, (_, body, done) => done(null, body));
    }
  }
};

/** Registers every route of the table. Callers are authenticated before their bodies are read. */
export const bindRoutes = (app: FastifyInstance, handlers: Handlers, deps: BindDeps): void => {
  app.decorateRequest(CALLER);
  const bind = (scope: FastifyInstance, [key, route]: [string, Route]): void => {
    const handler = handlers[key as keyof Routes] as unknown as AnyHandler;
    scope.route({
      method: route.method,
      url: route.path,
      config: { bodyBytes: route.bodyBytes },
      onRequest: async (request) => {
        request.setDecorator(CALLER, await deps.authenticate(route, request));
      },
      handler: (request, reply) => answer(deps, route, handler, request, reply),
    });
  };
  const all = Object.entries(routes) as [string, Route][];
  const others = all.filter(([, { method }]) => method !== "PATCH");
  for (const one of others.filter(([, { bodyBytes }]) => bodyBytes === undefined)) bind(app, one);
  for (const one of others) {
    const { bodyBytes } = one[1];
    if (bodyBytes === undefined) continue;
    void app.register(async (scope) => {
      addBodyTypes(scope, bodyBytes);
      bind(scope, one);
    });
  }
  void app.register(async (patches) => {
    patches.addContentTypeParser(
      MERGE_PATCH,
      { parseAs: "string" },
      patches.getDefaultJsonParser("error", "error"),
    );
    for (const one of all.filter(([, { method }]) => method === "PATCH")) bind(patches, one);
  });
};
