import { PROBLEMS } from "@load-manager/contract/api/problem.ts";
import type { FastifyInstance } from "fastify";
import { Counter, Histogram, type Registry } from "prom-client";
import { SAMPLES_PATH } from "../http/app.ts";

const reasonOf = (status: number): string =>
  Object.entries(PROBLEMS).find(([, problem]) => problem.status === status)?.[0] ?? "other";

/**
 * Measures every request by the pattern of its route, since each path would be a series of its own. Streams are left
 * out: they last as long as their reader wishes.
 */
export const measureRequests = (http: FastifyInstance, registry: Registry): void => {
  const durations = new Histogram({
    name: "load_manager_http_request_duration_seconds",
    help: "How long requests took until their answer was sent, by method, pattern of the route and status. Live streams are not included.",
    labelNames: ["method", "route", "status"],
    registers: [registry],
  });
  const rejected = new Counter({
    name: "load_manager_ingest_rejected_batches_total",
    help: "Batches of metrics that were refused, by the kind of problem in the answer.",
    labelNames: ["reason"],
    registers: [registry],
  });
  http.addHook("onResponse", async (request, reply) => {
    const route = request.routeOptions.url ?? "unmatched";
    const status = reply.statusCode;
    if (route === SAMPLES_PATH && status >= 400) rejected.inc({ reason: reasonOf(status) });
    if (String(reply.raw.getHeader("content-type")).startsWith("text/event-stream")) return;
    durations.observe({ method: request.method, route, status }, reply.elapsedTime / 1000);
  });
};
