import { permissionsOf } from "./access.ts";
import {
  loadTestId,
  revisionId,
  runId,
  scope,
  locustfile,
  settings,
  revision,
  file,
  withContent,
  loadTest,
  pending,
  running,
  stopping,
  event,
  note,
  cluster,
  snapshot,
  criteria,
  criterionVerdict,
  finishedAt,
  runVerdict,
} from "./example-objects.ts";
import type { Example } from "./example.ts";
import { metricExamples } from "./metric-examples.ts";
import type { Routes } from "./routes.ts";

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
  signIn: true,
  demo: false,
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
      criteria: criteria.map(({ expression }) => ({ expression })),
      baseline: loadTest.baseline,
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
  getScriptArchive: { params: { loadTestId, revisionId }, answer: "PK…" },
  checkScript: {
    body: { content: "def cart(:\n" },
    answer: {
      ok: false,
      errors: [{ file: "locustfile.py", line: 1, message: "invalid syntax" }],
      warnings: [],
      userClasses: [],
      shapeClasses: [],
      options: [],
      tags: [],
      imported: false,
      notImportedReason: "The script does not compile.",
    },
  },

  checkCriteria: {
    body: { expressions: ["p95(POST /checkout)<0.5s over steady", "errorRate < 5"] },
    answer: {
      ok: false,
      items: [
        {
          ok: true,
          expression: "p95(POST /checkout) < 500 ms over steady",
          form: {
            metric: "p95",
            endpoints: "POST /checkout",
            window: { kind: "steady" },
            operator: "<",
            limit: { kind: "value", value: 500 },
          },
        },
        {
          ok: false,
          fault: {
            column: 13,
            length: 1,
            message: "errorRate is a share; the unit % is missing",
            proposal: "5 %",
          },
        },
      ],
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
  getRunVerdict: { params: { runId }, answer: { ...runVerdict, settledAt: finishedAt } },
  evaluateRun: {
    params: { runId },
    body: { criteria: [{ expression: criterionVerdict.expression }] },
    answer: runVerdict,
  },
  getRunJunit: {
    params: { runId },
    answer: `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="Load Manager" tests="2" failures="0" errors="0" time="600.000">
  <testsuite name="Checkout #7" tests="2" failures="0" errors="0" skipped="0" time="600.000" timestamp="2026-11-23T10:15:04">
    <properties>
      <property name="runId" value="${runId}"/>
      <property name="status" value="Finished"/>
      <property name="verdict" value="passed"/>
    </properties>
    <testcase classname="Checkout" name="run" time="600.000"/>
    <testcase classname="Checkout" name="p95 &lt; 300 ms over steady" time="0.000"/>
  </testsuite>
</testsuites>
`,
  },
  getRunMarkdown: {
    params: { runId },
    answer: `## ✓ Checkout \\#7 passed: its criterion holds.

The duration was reached.

| Criterion | Observed | Requests |  |
| --- | --: | --: | --: |
| ✓ p95 &lt; 300 ms over steady | 180.4 ms | 48120 |  |
`,
  },
  streamRun: {
    params: { runId },
    answer: `event: status\nid: 1795428904.3\ndata: ${JSON.stringify(event)}\n\n`,
  },

  ...metricExamples,

  listClusters: { query: { accountId: "acc123" }, answer: { items: [cluster] } },
  getCluster: { params: { clusterId: cluster.id }, answer: cluster },
  streamChanges: {
    query: { run: runId },
    answer: `event: hint\ndata: {"kind":"many"}\n\nevent: hint\ndata: ${JSON.stringify({ kind: "run", id: runId, loadTestId, status: "Running", verdict: "none", version: 3 })}\n\n`,
  },
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
  startDemo: { body: { targetUsers: 20, spawnRate: 5, durationSeconds: 60 }, answer: pending },
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
  getStorageUse: {
    answer: {
      kind: "sqlite",
      loadTests: 12,
      runs: 480,
      bytes: 1_264_582_656,
      metricBytes: 1_241_513_984,
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

/** Answers in another content type than the first one. */
const OTHER_ANSWERS: { readonly [K in keyof Routes]?: Readonly<Record<string, string>> } = {
  getRunRequests: {
    "text/csv; charset=utf-8": `Type,Name,Request Count,Failure Count,Median Response Time,Average Response Time,Min Response Time,Max Response Time,Average Content Size,Requests/s,Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%
GET,/cart,51302,102,81,92.4,12.1,402.9,2048,85.5,0.17,81,95,104,110,142,180,231,262,391,402,402
,Aggregated,51302,102,81,92.4,12.1,402.9,2048,85.5,0.17,81,95,104,110,142,180,231,262,391,402,402
`,
  },
  exportRunMetrics: {
    "application/x-ndjson": `{"timestamp":"2026-11-23T10:16:00.000Z","method":"GET","name":"/cart","requests":3,"failures":0,"timedRequests":3,"sumResponseMs":244.5,"minResponseMs":80.9,"maxResponseMs":82.1,"contentBytes":6144,"histogram":[[80,81,1],[81,82,2]]}
`,
  },
};

export const otherExampleOf = (key: string, contentType: string): string | undefined =>
  OTHER_ANSWERS[key as keyof Routes]?.[contentType];

/** The example of an operation; empty for one that is not the contract's. */
export const exampleOf = (key: string): AnyExample =>
  (examples as Readonly<Record<string, AnyExample>>)[key] ?? {};
