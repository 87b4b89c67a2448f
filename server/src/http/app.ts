import { inflate } from "node:zlib";
import { openApi } from "@load-manager/contract/api/openapi.ts";
import { SamplesAnswer } from "@load-manager/contract/plugin/protocol.ts";
import { routes } from "@load-manager/contract/api/routes.ts";
import { fastifyCookie } from "@fastify/cookie";
import { fastifyHelmet } from "@fastify/helmet";
import { fastifyRateLimit } from "@fastify/rate-limit";
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyRequest,
  LogController,
} from "fastify";
import type { Logger } from "pino";
import { z } from "zod";
import { AppError } from "../lib/errors.ts";
import type { Ids } from "../lib/ids.ts";
import { bindRoutes, type CheckAccess, type Handlers } from "./bind.ts";
import { type CallerDeps, type Callers, createCallers } from "./callers.ts";
import type { Idempotency } from "./idempotency.ts";
import { DOCS_POLICY, docsPage } from "./docs.ts";
import { addPage, type Page, sendPage, wantsPage } from "./page.ts";
import { refuseMalformed, sendProblem } from "./problem.ts";

const BODY_LIMIT = 1024 * 1024;
const BATCH_LIMIT = 4 * 1024 * 1024;
const INFLATED_LIMIT = 16 * 1024 * 1024;
export const SAMPLES_PATH = "/v1/internal/locust/samples";
const BATCH_TYPE = "application/vnd.load-manager.batch";

/** Node's own limit of a request's head. An import of node:http, which has it, would load Node's fetch as well. */
const HEAD_LIMIT = 16 * 1024;

const noCompiler = (): never => {
  throw new Error("A route has a schema of Fastify's: the contract validates.");
};
const NO_COMPILERS = { buildValidator: () => noCompiler, buildSerializer: () => noCompiler };

const inflated = (bytes: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    inflate(bytes, { maxOutputLength: INFLATED_LIMIT }, (error, result) => {
      if (error === null) resolve(result);
      else if ("code" in error && error.code === "ERR_BUFFER_TOO_LARGE") {
        reject(new AppError("too-large", "The batch is larger than 16 MiB when decompressed."));
      } else
        reject(
          new AppError("validation", "The batch is not deflate, as its Content-Encoding says."),
        );
    });
  });

/**
 * Answers an unknown path with 404 and an undeclared method with 405, before the body is read: whatever it is, it is not wanted.
 * A browser gets the page there, whose paths only its own router knows.
 */
const refuseUnknownRoutes = (app: FastifyInstance, page: Page | undefined): void => {
  const registered: { readonly segments: string[]; readonly method: string }[] = [];
  app.addHook("onRoute", ({ url, method }) => {
    for (const one of [method].flat()) registered.push({ segments: url.split("/"), method: one });
  });
  const methodsOf = (path: string): string[] => {
    const given = path.split("/");
    return registered
      .filter(
        ({ segments }) =>
          segments.length === given.length &&
          segments.every((part, index) => part.startsWith(":") || part === given[index]),
      )
      .map(({ method }) => method);
  };
  app.addHook("onRequest", async (request, reply) => {
    if (!request.is404) return undefined;
    if (page !== undefined && wantsPage(request)) return sendPage(page, reply);
    const path = request.url.split("?")[0] ?? "";
    const methods = [...new Set(methodsOf(path))].join(", ");
    if (methods === "") {
      const detail = `There is no ${request.method} ${path}; /docs lists the endpoints.`;
      throw new AppError("not-found", detail);
    }
    void reply.header("allow", methods);
    const detail = `${path} accepts ${methods}, not ${request.method}.`;
    throw new AppError("method-not-allowed", detail);
  });
};

/** Pages set a policy for what they contain; answers of the API contain nothing that a browser shows. */
const HEADERS = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  },
  // Whoever ends TLS in front of the server decides about it.
  strictTransportSecurity: false,
  // What follows concerns pages with contents of others, or browsers that are gone; each header costs every answer.
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  xDnsPrefetchControl: false,
  xDownloadOptions: false,
  xFrameOptions: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
} as const;

type HttpDeps = {
  readonly handlers: Handlers;
  /** Ingests one batch of the plugin's records. */
  readonly samples: (bytes: Uint8Array) => Promise<z.output<typeof SamplesAnswer>>;
  readonly callers: CallerDeps;
  readonly checkAccess: CheckAccess;
  /** Who needs no token now. */
  readonly tokenless: () => { readonly user: boolean; readonly locust: boolean };
  /** Proxies whose X-Forwarded headers count. */
  readonly trustProxy: readonly string[];
  readonly ids: Ids;
  readonly idempotency: Idempotency;
  readonly log: Logger;
  readonly version: string;
  /** Absent where it is not built. */
  readonly page: Page | undefined;
};

const addSamples = (
  app: FastifyInstance,
  { samples }: HttpDeps,
  { authenticate }: Callers,
): void => {
  // Of this scope only: everywhere else bytes are no body.
  app.addContentTypeParser(
    BATCH_TYPE,
    { parseAs: "buffer", bodyLimit: BATCH_LIMIT },
    (_, body, done) => done(null, body),
  );
  const onRequest = async (request: FastifyRequest): Promise<void> => {
    await authenticate({ caller: "locust" }, request);
  };
  app.post(SAMPLES_PATH, { bodyLimit: BATCH_LIMIT, onRequest }, async (request, reply) => {
    const { body } = request;
    if (!Buffer.isBuffer(body)) {
      throw new AppError(
        "unsupported-media-type",
        `Send batches with Content-Type: ${BATCH_TYPE}.`,
      );
    }
    const packed = request.headers["content-encoding"] === "deflate";
    const answer = await samples(packed ? await inflated(body) : body);
    return reply
      .type("application/json; charset=utf-8")
      .send(JSON.stringify(z.encode(SamplesAnswer, answer)));
  });
};

/** The configured address, else the one that the reader has asked. A Host that is not one is not repeated. */
const addressOf = (publicUrl: string | undefined, { protocol, host }: FastifyRequest): string =>
  publicUrl === undefined
    ? `${protocol}://${/^[\w.:[\]-]+$/.test(host) ? host : "localhost"}`
    : new URL(publicUrl).href.replace(/\/+$/, "");

const addDocuments = (
  app: FastifyInstance,
  { tokenless, version, callers, page }: HttpDeps,
): void => {
  const documented = (isOpen: boolean, isLocustOpen: boolean) => {
    const document = openApi(routes, version, { user: isOpen, locust: isLocustOpen });
    return { text: JSON.stringify(document), page: docsPage(routes, document, isOpen) };
  };
  const known = new Map<string, ReturnType<typeof documented>>();
  // A reload may give tokens to a server without them.
  const now = (): ReturnType<typeof documented> => {
    const { user: isOpen, locust: isLocustOpen } = tokenless();
    const key = `${isOpen} ${isLocustOpen}`;
    const found = known.get(key) ?? documented(isOpen, isLocustOpen);
    known.set(key, found);
    return found;
  };
  app.get("/openapi.json", (_, reply) =>
    reply.type("application/json; charset=utf-8").send(now().text),
  );
  app.get("/docs", (request, reply) =>
    reply
      .headers({ "content-security-policy": DOCS_POLICY, "cache-control": "no-store" })
      .type("text/html; charset=utf-8")
      .send(now().page(addressOf(callers.publicUrl, request))),
  );
  if (page === undefined) app.get("/", (_, reply) => reply.redirect("/docs"));
  else addPage(app, page);
};

/** For Fastify, whose own lines below warn name no event, repeat ours, and on trace hold whole requests with their tokens. */
const quieter = (log: Logger): FastifyBaseLogger => {
  const child = log.child({});
  if (child.isLevelEnabled("info")) child.level = "warn";
  return child;
};

/** The path without its query, which may hold anything, as does a path without a route. */
const addRequestLog = (app: FastifyInstance, log: Logger): void => {
  app.addHook("onResponse", async (request, reply) => {
    if (!log.isLevelEnabled("debug")) return;
    const { id: requestId, method } = request;
    const { url: route } = request.routeOptions;
    const path = route === undefined ? {} : { path: request.url.split("?")[0] };
    const durationMs = Math.round(reply.elapsedTime);
    const fields = { requestId, method, ...path, status: reply.statusCode, durationMs };
    log.debug({ event: "http_request", ...fields }, "A request was answered.");
  });
};

/** The HTTP server with all routes, the plugin's batches and the documentation. It does not listen yet. */
export const createHttp = (deps: HttpDeps): FastifyInstance => {
  const logger = quieter(deps.log);
  const app = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT,
    genReqId: () => deps.ids.next(),
    requestIdHeader: false,
    clientErrorHandler: refuseMalformed,
    // Before any route: a path that cannot be decoded.
    frameworkErrors: (error, request, reply) => void sendProblem(error, reply, request.id),
    // The contract validates and no route has a schema of Fastify's, whose own compilers take long to load.
    schemaController: { compilersFactory: NO_COMPILERS },
    // The contract limits ids itself, and its error names the parameter.
    routerOptions: { maxParamLength: HEAD_LIMIT },
    forceCloseConnections: true,
    exposeHeadRoutes: true,
    trustProxy: deps.trustProxy.length > 0 && [...deps.trustProxy],
  });
  app.removeContentTypeParser("text/plain");
  app.addHook("onRequest", async (request, reply) => {
    void reply.header("x-request-id", request.id);
  });
  addRequestLog(app, deps.log);
  app.setErrorHandler((error, request, reply) => sendProblem(error, reply, request.id));
  void app.register(fastifyHelmet, HEADERS);
  void app.register(fastifyCookie);
  void app.register(fastifyRateLimit, { global: false });
  // After the headers of helmet, which refusals have too.
  void app.after(() => refuseUnknownRoutes(app, deps.page));
  // Routes come after the plugins, whose additions they use.
  void app.register(async (api) => {
    const callers = createCallers(api, deps.callers);
    bindRoutes(api, deps.handlers, { ...deps, ...callers });
    void api.register(async (scope) => addSamples(scope, deps, callers));
    addDocuments(api, deps);
  });
  return app;
};
