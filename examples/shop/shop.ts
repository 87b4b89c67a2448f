import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Requests by `METHOD name`, as Locust names them. */
type Counts = Record<string, { requests: number; failures: number }>;

export type Shop = {
  readonly url: string;
  readonly port: number;
  /** The completely answered requests of one run (header X-Load-Manager-Run), or those without a run. */
  readonly counts: (runId?: string) => Counts;
  /** The time of the last complete answer in Unix ms; undefined without one. */
  readonly lastAt: (runId?: string) => number | undefined;
  readonly close: () => Promise<void>;
};

type Endpoint = {
  readonly method: string;
  readonly path: RegExp;
  readonly name: string;
  readonly latencyMs: number;
  /** Every n-th request of a run is answered with 500. */
  readonly failEvery?: number;
};

/** Each endpoint has its own fixed latency, so that a table is easy to check. */
const ENDPOINTS: readonly Endpoint[] = [
  { method: "GET", path: /^\/$/, name: "/", latencyMs: 10 },
  { method: "GET", path: /^\/products$/, name: "/products", latencyMs: 25 },
  { method: "GET", path: /^\/products\/\d+$/, name: "/products/[id]", latencyMs: 15 },
  { method: "POST", path: /^\/cart$/, name: "/cart", latencyMs: 40 },
  { method: "POST", path: /^\/checkout$/, name: "/checkout", latencyMs: 80, failEvery: 25 },
];

const NO_RUN = "-";

/** A small shop on loopback that counts its answers, to compare with the totals of a load test. */
export const startShop = async (
  options: { readonly port?: number; readonly host?: string } = {},
): Promise<Shop> => {
  const { port = 0, host = "127.0.0.1" } = options;
  const counted = new Map<string, Counts>();
  const arrived = new Map<string, number>();
  const last = new Map<string, number>();

  const runOf = (request: IncomingMessage): string => {
    const header = request.headers["x-load-manager-run"];
    return (Array.isArray(header) ? header[0] : header) ?? NO_RUN;
  };
  const fails = (endpoint: Endpoint, run: string): boolean => {
    if (endpoint.failEvery === undefined) return false;
    const key = `${run} ${endpoint.name}`;
    const nth = (arrived.get(key) ?? 0) + 1;
    arrived.set(key, nth);
    return nth % endpoint.failEvery === 0;
  };
  const count = (run: string, endpoint: Endpoint, failed: boolean): void => {
    const counts = counted.get(run) ?? {};
    counted.set(run, counts);
    last.set(run, Date.now());
    const key = `${endpoint.method} ${endpoint.name}`;
    const known = counts[key] ?? { requests: 0, failures: 0 };
    counts[key] = {
      requests: known.requests + 1,
      failures: known.failures + (failed ? 1 : 0),
    };
  };
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const url = new URL(request.url ?? "/", "http://shop");
    const send = (status: number, body: unknown): void => {
      const text = JSON.stringify(body);
      response.writeHead(status, { "content-type": "application/json" }).end(text);
    };
    if (url.pathname === "/__counts") {
      send(200, counted.get(url.searchParams.get("run") ?? NO_RUN) ?? {});
      return;
    }
    const endpoint = ENDPOINTS.find(
      ({ method, path }) => method === request.method && path.test(url.pathname),
    );
    if (endpoint === undefined) {
      send(404, { error: "the shop does not have this" });
      return;
    }
    const run = runOf(request);
    const failed = fails(endpoint, run);
    setTimeout(() => {
      if (response.destroyed) return;
      response.on("finish", () => count(run, endpoint, failed));
      send(
        failed ? 500 : 200,
        failed ? { error: "the till is stuck" } : { endpoint: endpoint.name },
      );
    }, endpoint.latencyMs);
    request.resume();
  };

  const server = createServer({ keepAliveTimeout: 60_000 }, answer);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  const bound = server.address() as AddressInfo;
  return {
    url: `http://${host}:${bound.port}`,
    port: bound.port,
    counts: (runId = NO_RUN) => structuredClone(counted.get(runId) ?? {}),
    lastAt: (runId = NO_RUN) => last.get(runId),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
