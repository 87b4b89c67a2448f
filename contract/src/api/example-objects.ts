/** The objects that the examples of several operations show. `tsc` checks them where `examples.ts` uses them. */
export const loadTestId = "0b8f5c1e-6f3c-4d59-9a51-2f1f4c3a7d10";
export const revisionId = "5d0c7f6a-1b7e-4d39-8d53-9f0f6f3f2b21";
export const runId = "c2a9e1d4-8b1f-4c8e-a0f3-7e5d9b6c4a32";
export const scope = {
  accountId: "acc123",
  orgId: "org456",
  projectId: "proj789",
  envId: "production",
};
const sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
export const endpoint = { method: "GET", name: "/cart" };
const by = "user@example.com";
const createdByActor = { kind: "token" as const, id: by, name: by };
export const locustfile = `from locust import HttpUser, task


class Shopper(HttpUser):
    @task
    def cart(self):
        self.client.get("/cart")
`;

const times = { avgResponseMs: 92.4, p50ResponseMs: 81, p95ResponseMs: 180, p99ResponseMs: 310 };
export const stats = {
  totalRequests: 51_234,
  totalFailures: 102,
  timedRequests: 51_234,
  requestsPerSec: 85.4,
  errorRate: 0.2,
  ...times,
  minResponseMs: 12,
  maxResponseMs: 812,
  p90ResponseMs: 150,
};
export const summary = {
  ...stats,
  maxUsers: 100,
  complete: true,
  gaps: [],
  workers: { expected: 4, lost: 0 },
};
export const settings = { targetUsers: 100, spawnRate: 10, durationSeconds: 600 };
export const startedAt = "2026-11-23T10:15:04.000Z";
export const finishedAt = "2026-11-23T10:25:14.000Z";
export const seen = {
  firstSeenAt: "2026-11-23T10:16:41.000Z",
  lastSeenAt: "2026-11-23T10:24:58.000Z",
};
export const percentileNotes = { percentileError: { relative: 0.016, absoluteMs: 0 } };

export const revision = {
  id: revisionId,
  loadTestId,
  revisionNumber: 1,
  entrypoint: "locustfile.py",
  sha256,
  createdAt: "2026-11-23T10:00:00.000Z",
  createdBy: by,
  createdByActor,
};
export const file = { path: "locustfile.py", size: locustfile.length, sha256 };
export const withContent = {
  ...revision,
  files: [{ ...file, content: locustfile, encoding: "utf-8" as const }],
};

export const criteria = [
  { id: "c1", expression: "p95 < 300 ms over steady", severity: "fail" as const },
  { id: "c2", expression: "errorRate < 1 %", severity: "fail" as const },
];

const recentRun = {
  id: runId,
  runNumber: 7,
  name: "Checkout #7",
  status: "Finished" as const,
  verdict: "passed" as const,
  ...settings,
  startedAt,
  finishedAt,
  createdAt: "2026-11-23T10:15:00.123Z",
  createdBy: by,
  totalRequests: stats.totalRequests,
  requestsPerSec: stats.requestsPerSec,
  errorRate: stats.errorRate,
  p95ResponseMs: stats.p95ResponseMs,
};

export const loadTest = {
  id: loadTestId,
  ...scope,
  name: "Checkout",
  tags: ["nightly"],
  targetUrl: "https://shop.example",
  defaultUsers: 100,
  defaultSpawnRate: 10,
  defaultDurationSec: 600,
  loadProfile: { kind: "constant" } as const,
  stopTimeoutSeconds: 10,
  criteria,
  baseline: { kind: "rolling" as const, runs: 8 },
  latestRevisionId: revisionId,
  latestRevision: { id: revisionId, revisionNumber: 1 },
  lastRunAt: recentRun.createdAt,
  lastRunNumber: 7,
  recentRuns: [recentRun],
  createdAt: revision.createdAt,
  createdBy: by,
  createdByActor,
  updatedAt: revision.createdAt,
  updatedBy: by,
  version: 1,
};

export const pending = {
  id: runId,
  loadTestId,
  scriptRevisionId: revisionId,
  scriptRevisionNumber: 1,
  scriptSha256: sha256,
  runNumber: 7,
  name: "Checkout #7",
  ...scope,
  tags: [],
  keep: false,
  locustClusterId: "cluster-1",
  trigger: "api" as const,
  targetUrl: loadTest.targetUrl,
  ...settings,
  maxDurationSec: 14_400,
  loadProfile: { kind: "constant" } as const,
  stopTimeoutSeconds: 10,
  autoStop: { enabled: true, failedPercent: 90, windowSeconds: 60, minRequests: 100 },
  criteria,
  baseline: loadTest.baseline,
  status: "Pending" as const,
  statusReason: {
    code: "cluster_busy",
    message: "The cluster has no free slot.",
    runId: "1f4e8d2a-3c5b-4e7f-9a8d-6b0c2e4f1a53",
    position: 1,
    expectedStartAt: "2026-11-23T10:15:03.000Z",
    expiresAt: "2026-11-24T10:14:03.000Z",
  },
  health: "ok" as const,
  verdict: "none" as const,
  fence: 0,
  createdAt: recentRun.createdAt,
  createdBy: by,
  createdByActor,
  updatedAt: recentRun.createdAt,
  updatedBy: by,
  version: 1,
};
const { statusReason: _, ...started } = pending;
export const running = {
  ...started,
  status: "Running" as const,
  slot: 0,
  fence: 12,
  startingAt: "2026-11-23T10:15:01.000Z",
  loadStartedAt: "2026-11-23T10:15:03.000Z",
  startedAt,
  lastMetrics: {
    timestamp: "2026-11-23T10:20:00.000Z",
    totalRps: 85.6,
    totalRequests: 25_100,
    totalFailures: 50,
    errorRate: 0.2,
    ...times,
    currentUsers: 100,
    requestStats: {},
  },
  version: 3,
};
export const stopping = {
  ...running,
  status: "Stopping" as const,
  endCause: "stopped_by_user" as const,
  stoppingAt: "2026-11-23T10:20:01.000Z",
  version: 4,
};

export const criterionVerdict = {
  id: "c1",
  expression: "p95 < 300 ms over steady",
  severity: "fail" as const,
  verdict: "passed" as const,
  observed: 180.4,
  limit: 300,
  unit: "ms" as const,
  requests: 48_120,
  window: { from: running.loadStartedAt, to: finishedAt },
};
const comparedVerdict = {
  ...criterionVerdict,
  id: "c3",
  expression: "p95 < baseline * 1.1 over steady",
  limit: 198,
  baseline: {
    value: 180,
    runs: [{ id: "1f4e8d2a-3c5b-4e7f-9a8d-6b0c2e4f1a53", runNumber: 6, value: 180 }],
    noise: { percent: 2, runIds: ["1f4e8d2a-3c5b-4e7f-9a8d-6b0c2e4f1a53"] },
  },
};
export const runVerdict = {
  runId,
  status: "Finished" as const,
  verdict: "passed" as const,
  criteria: [criterionVerdict, comparedVerdict],
};

export const event = {
  at: startedAt,
  type: "status",
  message: "All requests succeeded",
  data: { from: "Starting", to: "Running" },
};
export const note = {
  at: "2026-11-23T10:18:00.000Z",
  type: "note",
  message: "Deployed version 4.2",
};

const { timedRequests: __, ...row } = stats;
export const endpointRow = { ...endpoint, ...row, avgContentBytes: 2048, lastSeenAt: finishedAt };
export const point = {
  timestamp: "2026-11-23T10:16:00.000Z",
  totalRps: 85.5,
  currentUsers: 100,
  errorRate: 0.2,
  targetUsers: 100,
  errorsPerSec: 0.17,
  ...times,
  minResponseMs: 11.2,
  maxResponseMs: 412.9,
};
export const runIds = { testRunId: runId, runId };
export const cluster = {
  id: "cluster-1",
  kind: "attached" as const,
  ...scope,
  baseUrl: "http://locust.example:8089",
  origin: "config" as const,
  maxConcurrentRuns: 1,
  state: "busy" as const,
  since: startedAt,
  engine: { locustVersion: "2.47.0", pluginVersion: "0.1.0", pythonVersion: "3.11.2", workers: 4 },
  holders: [{ runId, slot: 0 }],
  processes: [
    {
      id: "master",
      role: "master" as const,
      state: "running",
      users: null,
      cpuPercent: 3.2,
      memoryBytes: 58_720_256,
      clockOffsetMs: 0,
      pythonVersion: "3.11.2",
      lastHeardAt: "2026-11-23T10:20:00.000Z",
    },
  ],
  queueLength: 0,
};
export const snapshot = {
  totalRequests: 25_100,
  totalFailures: 50,
  currentUsers: 100,
  requestStats: {
    "GET /cart": { ...endpoint, numRequests: 25_100, numFailures: 50, avgResponseTime: 92.4 },
  },
};
