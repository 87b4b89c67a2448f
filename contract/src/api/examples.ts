import { permissionsOf } from "./access.ts";
import type { z } from "zod";
import {
  loadTestId,
  revisionId,
  runId,
  scope,
  endpoint,
  locustfile,
  stats,
  summary,
  settings,
  startedAt,
  finishedAt,
  seen,
  percentileNotes,
  revision,
  file,
  withContent,
  loadTest,
  pending,
  running,
  stopping,
  event,
  note,
  endpointRow,
  point,
  runIds,
  cluster,
  snapshot,
} from "./example-objects.ts";
import type { Route } from "./route.ts";
import type { Routes } from "./routes.ts";

type Wire<S> = S extends z.ZodType ? z.input<S> : S extends string ? string : null;
type Part<R, K extends "params" | "query" | "body"> =
  R extends Record<K, z.ZodType> ? z.input<R[K]> : never;

/** A request of one operation and its answer, as they are on the wire. */
type Example<R extends Route> = {
  readonly query?: Part<R, "query">;
  readonly answer: { [S in keyof R["answers"]]: Wire<R["answers"][S]> }[keyof R["answers"]];
} & ("params" extends keyof R ? { readonly params: Part<R, "params"> } : unknown) &
  ("body" extends keyof R ? { readonly body: Part<R, "body"> } : unknown);

const me = {
  kind: "token" as const,
  id: "nightly",
  name: "nightly",
  grants: [
    {
      role: "runner" as const,
      scope: { accountId: scope.accountId },
      permissions: permissionsOf("runner"),
    },
  ],
};

/** One example of each operation, for the OpenAPI document and the documentation page. */
const examples: { readonly [K in keyof Routes]: Example<Routes[K]> } = {
  createLoadTest: {
    body: {
      name: loadTest.name,
      ...scope,
      targetUrl: loadTest.targetUrl,
      tags: loadTest.tags,
      defaultUsers: 100,
      defaultSpawnRate: 10,
      defaultDurationSec: 600,
      locustfile,
    },
    answer: { ...loadTest, lastRunNumber: 0, recentRuns: [], warnings: [] },
  },
  listLoadTests: {
    query: { accountId: "acc123", tags: "nightly", limit: 20 },
    answer: { items: [loadTest] },
  },
  getLoadTest: { params: { loadTestId }, answer: loadTest },
  updateLoadTest: {
    params: { loadTestId },
    body: { defaultUsers: 200, description: null },
    answer: { ...loadTest, defaultUsers: 200, version: 2 },
  },
  replaceLoadTest: {
    params: { loadTestId },
    body: { defaultUsers: 200 },
    answer: { ...loadTest, defaultUsers: 200, version: 2 },
  },
  deleteLoadTest: { params: { loadTestId }, answer: null },

  saveScript: {
    params: { loadTestId },
    body: { content: locustfile, description: "Also opens the cart" },
    answer: { ...withContent, description: "Also opens the cart", warnings: [] },
  },
  getScript: { params: { loadTestId }, answer: withContent },
  listScriptRevisions: {
    params: { loadTestId },
    answer: { items: [{ ...revision, files: [file] }] },
  },
  getScriptRevision: { params: { loadTestId, revisionId }, answer: withContent },
  checkScript: {
    body: { content: "def cart(:\n" },
    answer: {
      ok: false,
      errors: [{ file: "locustfile.py", line: 1, message: "invalid syntax" }],
      userClasses: [],
      shapeClasses: [],
      options: [],
      tags: [],
    },
  },

  createRun: { params: { loadTestId }, body: settings, answer: pending },
  listLoadTestRuns: {
    params: { loadTestId },
    query: { status: "Running" },
    answer: { items: [running] },
  },
  listRuns: {
    query: { status: "Pending,Starting,Running", limit: 20 },
    answer: { items: [running] },
  },
  getRun: { params: { runId }, answer: running },
  updateRun: {
    params: { runId },
    body: { notes: "Before the sale", keep: true },
    answer: { ...running, notes: "Before the sale", keep: true, version: 4 },
  },
  deleteRun: { params: { runId }, answer: null },
  stopRun: { params: { runId }, body: { reason: "Enough seen" }, answer: stopping },
  changeRunLoad: {
    params: { runId },
    body: { targetUsers: 150, spawnRate: 10 },
    answer: { ...running, targetUsers: 150, version: 4 },
  },
  listRunEvents: {
    params: { runId },
    answer: { runId, items: [event, note], truncated: false },
  },
  addRunEvent: { params: { runId }, body: { message: note.message, at: note.at }, answer: note },
  streamRun: {
    params: { runId },
    answer: `event: status\nid: 1795428904.3\ndata: ${JSON.stringify(event)}\n\n`,
  },

  getRunSummary: {
    params: { runId },
    query: { phase: "steady" },
    answer: {
      runId,
      name: pending.name,
      status: "Finished",
      statusReason: { code: "duration_reached", message: "The duration was reached." },
      health: "ok",
      verdict: "none",
      startedAt,
      finishedAt,
      durationMs: 600_000,
      ...settings,
      ...summary,
      ...percentileNotes,
    },
  },
  getRunGraph: {
    params: { runId },
    query: { points: 60 },
    answer: {
      runId,
      name: pending.name,
      status: "Running",
      startedAt,
      dataPoints: [
        {
          timestamp: point.timestamp,
          users: 100,
          requestsPerSec: 85.5,
          errorsPerSec: 0.17,
          avgResponseMs: 92.4,
        },
      ],
    },
  },
  getRunRequests: {
    params: { runId },
    answer: { runId, items: [endpointRow], ...percentileNotes },
  },
  getRunTimeseries: {
    params: { runId },
    query: { from: "2026-11-23T10:16:00Z", to: "2026-11-23T10:20:00Z", endpoint: "GET /cart" },
    answer: { ...runIds, stepMs: 1000, dataPoints: [point], summary: stats, ...percentileNotes },
  },
  getRunScatter: {
    params: { runId },
    query: { points: 60 },
    answer: {
      ...runIds,
      stepMs: 10_000,
      endpoints: ["GET /cart"],
      dataPoints: [
        {
          timestamp: point.timestamp,
          method: "GET",
          endpoint: "GET /cart",
          responseTimeMs: 81.5,
          count: 37,
          success: true,
        },
      ],
    },
  },
  getRunHeatmap: {
    params: { runId },
    query: { points: 60 },
    answer: {
      ...runIds,
      stepMs: 10_000,
      t: [1_795_428_960_000],
      lowerMs: [80, 81],
      upperMs: [81, 82],
      counts: [[35, 37]],
    },
  },
  exportRunMetrics: {
    params: { runId },
    query: { step: "10s" },
    answer: `timestamp,method,name,requests,failures,timedRequests,sumResponseMs,minResponseMs,maxResponseMs,contentBytes
2026-11-23T10:16:00.000Z,GET,/cart,855,2,855,79002.4,12.1,402.9,1751040
`,
  },
  listRunFailures: {
    params: { runId },
    answer: {
      runId,
      items: [{ ...endpoint, error: "HTTPError('503 Server Error')", occurrences: 102, ...seen }],
      truncated: false,
    },
  },
  listRunExceptions: {
    params: { runId },
    answer: {
      runId,
      items: [
        {
          message: "KeyError: 'total'",
          traceback: 'File "locustfile.py", line 7, in cart\n',
          count: 3,
          workers: ["vm_1"],
          ...seen,
        },
      ],
      truncated: false,
    },
  },
  getRunAggregate: {
    params: { runId },
    query: { points: 60 },
    answer: {
      ...runIds,
      status: "Finished",
      summary: {
        avgRps: stats.requestsPerSec,
        maxRps: 104,
        minRps: 61,
        p50ResponseMs: stats.p50ResponseMs,
        p95ResponseMs: stats.p95ResponseMs,
        p99ResponseMs: stats.p99ResponseMs,
        maxP95ResponseMs: 240,
        totalRequests: stats.totalRequests,
        totalFailures: stats.totalFailures,
        errorRate: stats.errorRate,
        durationMs: 600_000,
        dataPoints: 1,
      },
      endpointStats: [endpointRow],
      timeseries: [point],
      ...percentileNotes,
    },
  },

  listClusters: { query: { accountId: "acc123" }, answer: { items: [cluster] } },
  getCluster: { params: { clusterId: cluster.id }, answer: cluster },
  listScopes: {
    answer: {
      accounts: [
        {
          accountId: scope.accountId,
          orgs: [
            {
              orgId: scope.orgId,
              projects: [{ projectId: scope.projectId, envs: [scope.envId] }],
            },
          ],
        },
      ],
    },
  },
  getMe: { answer: me },
  createSession: { body: { token: "lm-3f9a2c71d04e4b6a" }, answer: { ...me, kind: "user" } },
  deleteSession: { answer: null },

  registerExternalRun: {
    body: { ...scope, targetUsers: 100, spawnRate: 10, externalKey: "3f9a2c71:1" },
    answer: { runId, message: "This is the run External 2026-11-23T10:15:00.123Z." },
  },
  reportTestStart: {
    body: { runId },
    answer: { success: true, message: "The start is recorded." },
  },
  reportTestStop: {
    body: { runId, finalMetrics: snapshot, autoStopped: true },
    answer: { success: true, message: "The end is recorded." },
  },
  reportMetrics: {
    body: { runId, metrics: snapshot },
    answer: { success: true, message: "The metrics are stored." },
  },

  reloadConfiguration: {
    answer: {
      reloaded: true,
      clusters: { added: ["cluster-2"], removed: [], changed: ["cluster-1"], draining: [] },
      tokens: 3,
      needsRestart: [],
      warnings: [],
    },
  },
  getLiveness: { answer: { status: "ok" } },
  getReadiness: { answer: { ready: true, reasons: [] } },
  getHealth: {
    answer: {
      status: "ok",
      version: "0.1.0",
      server: { id: "host-1:4711", hostId: "host-1", active: true },
      store: { kind: "sqlite", ok: true },
      clusters: { total: 1, unreachable: 0 },
    },
  },
  getPrometheusMetrics: {
    answer: `# HELP load_manager_open_runs Runs that are not settled, by status.
# TYPE load_manager_open_runs gauge
load_manager_open_runs{status="Running"} 1
`,
  },
};

type AnyExample = {
  readonly params?: object;
  readonly query?: object;
  readonly body?: unknown;
  readonly answer?: unknown;
};

/** The example of an operation; empty for one that is not the contract's. */
export const exampleOf = (key: string): AnyExample =>
  (examples as Readonly<Record<string, AnyExample>>)[key] ?? {};
