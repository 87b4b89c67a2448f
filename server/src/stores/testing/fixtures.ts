import type { Actor } from "@load-manager/contract/model/actor.ts";
import type { LoadTest, RecentRun } from "@load-manager/contract/model/load-test.ts";
import type { LoadTestQuery } from "@load-manager/contract/api/load-test.ts";
import type { MetricSnapshot } from "@load-manager/contract/model/stats.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { RunQuery } from "@load-manager/contract/api/run.ts";
import type { ScriptRevision } from "@load-manager/contract/model/script.ts";
import { uuidV7 } from "../../lib/ids.ts";
import type { MetricRecord } from "../model/metric-store.ts";

/** Who acts in tests. */
export const TESTER: Actor = { kind: "token", id: "t", name: "t" };

export const freshId = (): string => uuidV7.next();

/** A scope that nothing else in the store is in. */
export const freshScope = () => ({ accountId: `a-${freshId()}`, orgId: "o", projectId: "p" });

export const loadTestOf = (fields: Partial<LoadTest> = {}): LoadTest => ({
  id: freshId(),
  ...freshScope(),
  name: "Checkout",
  tags: [],
  targetUrl: "https://shop.example",
  defaultUsers: 10,
  defaultSpawnRate: 1,
  loadProfile: { kind: "constant" },
  stopTimeoutSeconds: 10,
  lastRunNumber: 0,
  recentRuns: [],
  recentRunsVersion: 0,
  createdAt: 1_000,
  createdBy: "ann",
  updatedAt: 1_000,
  updatedBy: "ann",
  version: 1,
  ...fields,
});

export const runOf = (fields: Partial<LoadTestRun> = {}): LoadTestRun => ({
  id: freshId(),
  ...freshScope(),
  name: "Checkout #1",
  tags: [],
  keep: false,
  locustClusterId: "local",
  trigger: "api",
  status: "Pending",
  health: "ok",
  verdict: "none",
  fence: 0,
  loadProfile: { kind: "constant" },
  stopTimeoutSeconds: 10,
  createdAt: 1_000,
  createdBy: "ann",
  updatedAt: 1_000,
  updatedBy: "ann",
  version: 1,
  ...fields,
});

export const recentRunOf = (fields: Partial<RecentRun> = {}): RecentRun => ({
  id: freshId(),
  runNumber: 1,
  status: "Finished",
  verdict: "none",
  finishedAt: 3_000,
  createdAt: 2_000,
  createdBy: "ann",
  totalRequests: 5,
  requestsPerSec: 1.5,
  errorRate: 0,
  p95ResponseMs: null,
  ...fields,
});

export const revisionOf = (fields: Partial<ScriptRevision> = {}): ScriptRevision => ({
  id: freshId(),
  loadTestId: freshId(),
  revisionNumber: 1,
  entrypoint: "locustfile.py",
  files: [{ path: "locustfile.py", size: 3, sha256: "abc" }],
  sha256: "def",
  createdAt: 1_000,
  createdBy: "ann",
  ...fields,
});

export const snapshotOf = (fields: Partial<MetricSnapshot> = {}): MetricSnapshot => ({
  timestamp: 1_000,
  totalRps: 1,
  totalRequests: 10,
  totalFailures: 0,
  errorRate: 0,
  avgResponseMs: 5,
  p50ResponseMs: 5,
  p95ResponseMs: 9,
  p99ResponseMs: null,
  currentUsers: 2,
  requestStats: {},
  ...fields,
});

export const sampleOf = (fields: Partial<MetricRecord> = {}): MetricRecord => ({
  runId: "run",
  masterInstanceId: "0".repeat(32),
  seq: 1,
  type: 2,
  second: 100,
  body: Uint8Array.of(1, 2, 3),
  ...fields,
});

export const loadTestQuery = (fields: Partial<LoadTestQuery> = {}): LoadTestQuery => ({
  limit: 50,
  sort: "-createdAt",
  ...fields,
});

export const runQuery = (fields: Partial<RunQuery> = {}): RunQuery => ({
  limit: 50,
  sort: "-createdAt",
  ...fields,
});
