import { inflate } from "node:zlib";
import { openApi } from "@load-manager/contract/api/openapi.ts";
import { SamplesAnswer } from "@load-manager/contract/plugin/protocol.ts";
import { routes } from "@load-manager/contract/api/routes.ts";
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from "fastify";
import type { Logger } from "pino";
import { z } from "zod";
import type { Access } from "../access/access.ts";
import { AppError } from "../lib/errors.ts";
import type { Ids } from "../lib/ids.ts";
import { bindRoutes, callerOf, type Handlers } from "./bind.ts";
import type { Idempotency } from "./idempotency.ts";
import { docsPage } from "./docs.ts";
import { sendProblem } from "./problem.ts";

const BODY_LIMIT = 1024 * 1024;
const BATCH_LIMIT = 4 * 1024 * 1024;
const INFLATED_LIMIT = 16 * 1024 * 1024;
export const SAMPLES_PATH = "/v1/internal/locust/samples";
const BATCH_TYPE = "application/vnd.load-manager.batch";

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

const methodsOf = (path: string): string[] => {
  const segments = path.split("/");
  return Object.values(routes)
    .filter((route) => {
      const parts = route.path.split("/");
      return (
        parts.length === segments.length &&
        parts.every((part, index) => part.startsWith(":") || part === segments[index])
      );
    })
    .map((route) => route.method);
};

type HttpDeps = {
  readonly handlers: Handlers;
  /** Ingests one batch of the plugin's records. */
  readonly samples: (bytes: Uint8Array) => Promise<z.output<typeof SamplesAnswer>>;
  readonly access: Access;
  readonly ids: Ids;
  readonly idempotency: Idempotency;
  readonly log: Logger;
  readonly version: string;
};

const addSamples = (app: FastifyInstance, { access, samples }: HttpDeps): void => {
  app.post(SAMPLES_PATH, { bodyLimit: BATCH_LIMIT }, async (request, reply) => {
    callerOf(access, "locust", request);
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

const addDocuments = (app: FastifyInstance, version: string): void => {
  const document = openApi(routes, version);
  const documentText = JSON.stringify(document);
  const page = docsPage(routes, version);
  app.get("/openapi.json", (_, reply) =>
    reply.type("application/json; charset=utf-8").send(documentText),
  );
  app.get("/docs", (_, reply) =>
    reply
      .header(
        "content-security-policy",
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      )
      .type("text/html; charset=utf-8")
      .send(page),
  );
  app.get("/", (_, reply) => reply.redirect("/docs"));
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
    forceCloseConnections: true,
    exposeHeadRoutes: true,
  });
  app.addContentTypeParser(
    ["application/merge-patch+json"],
    { parseAs: "string" },
    app.getDefaultJsonParser("error", "error"),
  );
  app.addContentTypeParser(
    BATCH_TYPE,
    { parseAs: "buffer", bodyLimit: BATCH_LIMIT },
    (_, body, done) => done(null, body),
  );
  app.removeContentTypeParser("text/plain");
  app.addHook("onRequest", async (request, reply) => {
    void reply.headers({
      "x-request-id": request.id,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    });
  });
  addRequestLog(app, deps.log);
  app.setErrorHandler((error, request, reply) => sendProblem(error, reply, request.id));
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split("?")[0] ?? "";
    const methods = methodsOf(path);
    if (methods.length === 0) {
      const detail = `There is no ${request.method} ${path}; /docs lists the endpoints.`;
      return sendProblem(new AppError("not-found", detail), reply, request.id);
    }
    void reply.header("allow", methods.join(", "));
    const detail = `${path} accepts ${methods.join(", ")}, not ${request.method}.`;
    return sendProblem(new AppError("method-not-allowed", detail), reply, request.id);
  });
  bindRoutes(app, deps.handlers, deps);
  addSamples(app, deps);
  addDocuments(app, deps.version);
  return app;
};
