import { z } from "zod";
import { CreateSession, HealthAnswer, Me, ReadyAnswer, ScopeTree } from "./access.ts";
import { ChangesQuery } from "./changes.ts";
import { CheckCriteria, CriteriaCheck, EvaluateAnswer, EvaluateRun, VerdictAnswer } from "./criteria.ts";
import { ClusterAnswer, ClusterId, ClusterPage, ClusterQuery } from "./cluster.ts";
import { KneeAnswer, KneeQuery } from "./knee.ts";
import {
  CreateLoadTest,
  LoadTestAnswer,
  LoadTestPage,
  LoadTestQuery,
  UpdateLoadTest,
} from "./load-test.ts";
import {
  CallbackAnswer,
  PushMetrics,
  RegisterExternal,
  RegisterExternalAnswer,
  TestStart,
  TestStop,
} from "../plugin/callbacks.ts";
import {
  AggregateAnswer,
  AggregateQuery,
  GraphAnswer,
  GraphQuery,
  RequestsAnswer,
  RequestsQuery,
  SummaryAnswer,
  TimeseriesAnswer,
  TimeseriesQuery,
  WindowQuery,
} from "./metrics.ts";
import {
  ExceptionsAnswer,
  ExportQuery,
  FailuresAnswer,
  FailuresQuery,
  HeatmapAnswer,
  ScatterAnswer,
  DistributionQuery,
  StreamQuery,
} from "./metrics-detail.ts";
import {
  FailuresOverTimeAnswer,
  OverTimeQuery,
  ProcessesAnswer,
  UsersAnswer,
} from "./metrics-over-time.ts";
import { LoadTestId, Paging, RunId } from "../model/primitives.ts";
import { ReloadAnswer } from "./reload.ts";
import { ReportQuery } from "./report.ts";
import { route } from "./route.ts";
import {
  AddEvent,
  ChangeLoad,
  CreateRun,
  RunAnswer,
  RunEvents,
  RunPage,
  RunQuery,
  StartDemo,
  StopRun,
  UpdateRun,
} from "./run.ts";
import { RunEvent } from "../model/run.ts";
import { ScriptRevision } from "../model/script.ts";
import {
  CheckScript,
  CheckScriptQuery,
  PutScript,
  PutScriptQuery,
  SCRIPT_BODY_BYTES,
  ScriptCheck,
  ScriptRevisionPage,
  ScriptRevisionWithContent,
} from "./script.ts";
import { StorageAnswer } from "./storage.ts";

const loadTestId = z.object({ loadTestId: LoadTestId });
const revision = z.object({ loadTestId: LoadTestId, revisionId: ScriptRevision.shape.id });
const runId = z.object({ runId: RunId });
const PagingQuery = z.strictObject(Paging.shape).omit({ sort: true });

const loadTests = { tag: "Load tests", caller: "user" } as const;
const scripts = { tag: "Scripts", caller: "user" } as const;
const scriptBytes = {
  "application/json": SCRIPT_BODY_BYTES.json,
  "application/zip": SCRIPT_BODY_BYTES.zip,
} as const;
const runs = { tag: "Runs", caller: "user" } as const;
const metrics = { tag: "Metrics", caller: "user", permission: "read", method: "GET", params: runId } as const;
const clusters = { tag: "Clusters", caller: "user", permission: "read", method: "GET" } as const;
const system = { tag: "System", caller: "user", permission: "read", method: "GET" } as const;
const probes = { tag: "System", caller: "anyone", method: "GET" } as const;
const callbacks = { tag: "Locust callbacks", caller: "locust", method: "POST" } as const;

/** Every endpoint of the API. */
export const routes = {
  createLoadTest: route({ ...loadTests, permission: "loadTests.write", method: "POST", path: "/v1/load-tests", summary: "Create a load test", body: CreateLoadTest, etag: true, answers: { 201: LoadTestAnswer } }),
  listLoadTests: route({ ...loadTests, permission: "read", method: "GET", path: "/v1/load-tests", summary: "List load tests", query: LoadTestQuery, answers: { 200: LoadTestPage } }),
  getLoadTest: route({ ...loadTests, permission: "read", method: "GET", path: "/v1/load-tests/:loadTestId", summary: "Get a load test", params: loadTestId, etag: true, answers: { 200: LoadTestAnswer } }),
  updateLoadTest: route({ ...loadTests, permission: "loadTests.write", method: "PATCH", path: "/v1/load-tests/:loadTestId", summary: "Update a load test", description: "A merge patch: fields left out keep their value, null clears an optional field. A patch that changes nothing leaves the version.", params: loadTestId, body: UpdateLoadTest, etag: true, ifMatch: true, answers: { 200: LoadTestAnswer } }),
  replaceLoadTest: route({ ...loadTests, permission: "loadTests.write", method: "PUT", path: "/v1/load-tests/:loadTestId", summary: "Update a load test", description: "The same as PATCH, for existing clients.", params: loadTestId, body: UpdateLoadTest, etag: true, ifMatch: true, answers: { 200: LoadTestAnswer } }),
  deleteLoadTest: route({ ...loadTests, permission: "loadTests.delete", method: "DELETE", path: "/v1/load-tests/:loadTestId", summary: "Delete a load test", description: "Its runs are kept. 409 while one of them is active.", params: loadTestId, ifMatch: true, answers: { 204: null } }),
  checkCriteria: route({ ...loadTests, permission: "criteria.check", method: "POST", path: "/v1/criteria/check", summary: "Check expressions of criteria", description: "Text becomes JSON, and JSON becomes text. A fault has its column, and a proposal where there is one.", body: CheckCriteria, answers: { 200: CriteriaCheck } }),

  saveScript: route({ ...scripts, permission: "scripts.write", method: "PUT", path: "/v1/load-tests/:loadTestId/script", summary: "Save the script", description: "201 with a new revision; 200 with the newest revision where the content has not changed. If-Match is the version of the load test, which a new revision raises. The script is `content`, one file, or `files`, with their paths (a JSON body of at most 16 MiB), or a zip archive of at most 50 MiB, with `entrypoint`, `description` and `createdBy` in the query. A revision has at most 1000 files and 50 MiB. Of an archive with one folder at the top, unless the entrypoint names it, the content of the folder is taken; `__MACOSX/` and `.DS_Store` are left out; links and encrypted files are refused.", params: loadTestId, query: PutScriptQuery, body: PutScript, bodyBytes: scriptBytes, ifMatch: true, answers: { 200: ScriptRevisionWithContent, 201: ScriptRevisionWithContent } }),
  getScript: route({ ...scripts, permission: "read", method: "GET", path: "/v1/load-tests/:loadTestId/script", summary: "Get the newest script revision with its content", params: loadTestId, answers: { 200: ScriptRevisionWithContent } }),
  listScriptRevisions: route({ ...scripts, permission: "read", method: "GET", path: "/v1/load-tests/:loadTestId/script/revisions", summary: "List the script revisions of a load test", description: "Newest first, without their content.", params: loadTestId, query: PagingQuery, answers: { 200: ScriptRevisionPage } }),
  getScriptRevision: route({ ...scripts, permission: "read", method: "GET", path: "/v1/load-tests/:loadTestId/script/revisions/:revisionId", summary: "Get a script revision with its content", params: revision, answers: { 200: ScriptRevisionWithContent } }),
  getScriptArchive: route({ ...scripts, permission: "read", method: "GET", path: "/v1/load-tests/:loadTestId/script/revisions/:revisionId/archive", summary: "Download a script revision as a zip archive", description: "Its files with their paths. Saved again, with the same entrypoint, it is the same script.", params: revision, answers: { 200: "application/zip" } }),
  checkScript: route({ ...scripts, permission: "scripts.check", method: "POST", path: "/v1/scripts/check", summary: "Check a script without saving it", description: "Every Python file is compiled; the lines of requirements.txt are read, and no package is looked up. Where the request names a load test or a scope that a local cluster serves, and the caller may run the script there (runs.start; for a script in the body scripts.write too), the script is imported in a process of its own, with limits, and the answer has its User classes, options and tags. As for a save, the body is JSON of at most 16 MiB, or a zip archive of at most 50 MiB with the rest in the query.", query: CheckScriptQuery, body: CheckScript, bodyBytes: scriptBytes, answers: { 200: ScriptCheck } }),

  createRun: route({ ...runs, permission: "runs.start", method: "POST", path: "/v1/load-tests/:loadTestId/runs", summary: "Start a run of a load test", params: loadTestId, body: CreateRun, bodyOptional: true, etag: true, answers: { 201: RunAnswer } }),
  listLoadTestRuns: route({ ...runs, permission: "read", method: "GET", path: "/v1/load-tests/:loadTestId/runs", summary: "List the runs of a load test", params: loadTestId, query: RunQuery.omit({ loadTestId: true }), answers: { 200: RunPage } }),
  listRuns: route({ ...runs, permission: "read", method: "GET", path: "/v1/runs", summary: "List runs", query: RunQuery, answers: { 200: RunPage } }),
  getRun: route({ ...runs, permission: "read", method: "GET", path: "/v1/runs/:runId", summary: "Get a run", params: runId, etag: true, answers: { 200: RunAnswer } }),
  updateRun: route({ ...runs, permission: "runs.annotate", fieldPermissions: { keep: "runs.keep" }, method: "PATCH", path: "/v1/runs/:runId", summary: "Update the name, notes, tags or keep flag of a run", description: "409 where keep would be taken from the baseline of a load test.", params: runId, body: UpdateRun, etag: true, ifMatch: true, answers: { 200: RunAnswer } }),
  deleteRun: route({ ...runs, permission: "runs.delete", method: "DELETE", path: "/v1/runs/:runId", summary: "Delete an ended run", description: "409 while the run is active or kept.", params: runId, ifMatch: true, answers: { 204: null } }),
  stopRun: route({ ...runs, permission: "runs.stop", method: "POST", path: "/v1/runs/:runId/stop", summary: "Stop a run", description: "202 while the run stops, 200 where it had ended already. May be repeated.", params: runId, body: StopRun, bodyOptional: true, etag: true, ifMatch: true, answers: { 200: RunAnswer, 202: RunAnswer } }),
  changeRunLoad: route({ ...runs, permission: "runs.changeLoad", method: "PATCH", path: "/v1/runs/:runId/load", summary: "Change the users of a running run", params: runId, body: ChangeLoad, etag: true, ifMatch: true, answers: { 202: RunAnswer } }),
  listRunEvents: route({ ...runs, permission: "read", method: "GET", path: "/v1/runs/:runId/events", summary: "List the events of a run", params: runId, query: PagingQuery, answers: { 200: RunEvents } }),
  addRunEvent: route({ ...runs, permission: "runs.annotate", method: "POST", path: "/v1/runs/:runId/events", summary: "Add a note to the events of a run", params: runId, body: AddEvent, answers: { 201: RunEvent } }),
  getRunVerdict: route({ ...runs, permission: "read", method: "GET", path: "/v1/runs/:runId/verdict", summary: "Get the verdict of a run", description: "With what was seen of each criterion. It is made when the run is settled, and stays: verdict is none until then, and `live` says how each criterion stands while the run is Running.", params: runId, answers: { 200: VerdictAnswer } }),
  evaluateRun: route({ ...runs, permission: "criteria.check", method: "POST", path: "/v1/runs/:runId/evaluate", summary: "Try criteria on an ended run", description: "Judges the run by other criteria than its own, and stores nothing. 409 while the run has not ended.", params: runId, body: EvaluateRun, answers: { 200: EvaluateAnswer } }),
  getRunJunit: route({ ...runs, permission: "read", method: "GET", path: "/v1/runs/:runId/junit", summary: "Get the verdict of an ended run as JUnit XML", description: "For CI: a test case for the run itself, and one for each of its criteria. A violated criterion is a failure; an error is an inconclusive one, and a run that could not run or was stopped; a criterion of severity warn that does not hold is skipped. 409 until the run is settled.", params: runId, query: ReportQuery, answers: { 200: "application/xml; charset=utf-8" } }),
  getRunMarkdown: route({ ...runs, permission: "read", method: "GET", path: "/v1/runs/:runId/markdown", summary: "Get the verdict and the key figures of an ended run as Markdown", description: "For job summaries: the verdict first, then the criteria, the worst ones first, the key figures and the five worst endpoints. 409 until the run is settled.", params: runId, query: ReportQuery, answers: { 200: "text/markdown; charset=utf-8" } }),
  streamRun: route({ ...runs, permission: "read", method: "GET", path: "/v1/runs/:runId/stream", summary: "Stream a run", description: "Server-sent events: `sample` (a SampleEvent), `status` and `event` (a RunEvent), `end`. `Last-Event-ID` resumes after the last event that a client received.", params: runId, query: StreamQuery, answers: { 200: "text/event-stream" } }),

  getRunSummary: route({ ...metrics, path: "/v1/runs/:runId/summary", summary: "Get the stats of a run", query: WindowQuery, answers: { 200: SummaryAnswer } }),
  getRunGraph: route({ ...metrics, path: "/v1/runs/:runId/graph", summary: "Get users, requests and errors over time", query: GraphQuery, answers: { 200: GraphAnswer } }),
  getRunRequests: route({ ...metrics, path: "/v1/runs/:runId/requests", summary: "Get the stats of each endpoint", description: "`format=csv` uses the column names of Locust's own file, and ends with its row Aggregated.", query: RequestsQuery, answers: { 200: RequestsAnswer } }),
  getRunTimeseries: route({ ...metrics, path: "/v1/runs/:runId/metrics/timeseries", summary: "Get the chart of any window", query: TimeseriesQuery, answers: { 200: TimeseriesAnswer } }),
  getRunScatter: route({ ...metrics, path: "/v1/runs/:runId/metrics/scatter", summary: "Get response times over time as points", query: DistributionQuery, answers: { 200: ScatterAnswer } }),
  getRunHeatmap: route({ ...metrics, path: "/v1/runs/:runId/metrics/heatmap", summary: "Get response times over time as counts", query: DistributionQuery, answers: { 200: HeatmapAnswer } }),
  getRunKnee: route({ ...metrics, path: "/v1/runs/:runId/metrics/knee", summary: "Get where requests per second stop rising with users", query: KneeQuery, answers: { 200: KneeAnswer } }),
  getRunFailuresOverTime: route({ ...metrics, path: "/v1/runs/:runId/metrics/failures", summary: "Get failures over time by error", query: OverTimeQuery, answers: { 200: FailuresOverTimeAnswer } }),
  getRunProcesses: route({ ...metrics, path: "/v1/runs/:runId/metrics/processes", summary: "Get CPU, memory and clocks of the Locust processes over time", query: OverTimeQuery, answers: { 200: ProcessesAnswer } }),
  getRunUsers: route({ ...metrics, path: "/v1/runs/:runId/metrics/users", summary: "Get the users of each User class over time", query: OverTimeQuery, answers: { 200: UsersAnswer } }),
  exportRunMetrics: route({ ...metrics, path: "/v1/runs/:runId/metrics/export", summary: "Export all metrics as CSV or NDJSON", description: "Streams one row for each time bucket and endpoint. `format=ndjson` adds the histograms.", query: ExportQuery, answers: { 200: "text/csv; charset=utf-8" } }),
  listRunFailures: route({ ...metrics, path: "/v1/runs/:runId/failures", summary: "List the failures of a run", description: "Each error of an endpoint with its count.", query: FailuresQuery, answers: { 200: FailuresAnswer } }),
  listRunExceptions: route({ ...metrics, path: "/v1/runs/:runId/exceptions", summary: "List the exceptions that the script raised", query: FailuresQuery, answers: { 200: ExceptionsAnswer } }),
  getRunAggregate: route({ ...metrics, path: "/v1/runs/:runId/metrics/aggregate", summary: "Get stats, endpoints and chart in one response", query: AggregateQuery, answers: { 200: AggregateAnswer } }),

  listClusters: route({ ...clusters, path: "/v1/clusters", summary: "List the clusters that serve a scope", query: ClusterQuery, answers: { 200: ClusterPage } }),
  getCluster: route({ ...clusters, path: "/v1/clusters/:clusterId", summary: "Get a cluster", params: z.object({ clusterId: ClusterId }), answers: { 200: ClusterAnswer } }),
  streamChanges: route({ ...system, path: "/v1/stream", summary: "Stream what changes, and a run", description: "Server-sent events for a page. `hint` (a Hint) says that a load test, a run or a cluster that the caller may see has changed; the first event of a connection, and more than 5 changes in a second, are the hint `many`: read again what the page shows. Hints have no id and are not repeated. With `run` also the events of that run, as its own stream sends them, resumed by `Last-Event-ID`; the stream goes on after their `end`.", query: ChangesQuery, answers: { 200: "text/event-stream" } }),
  listScopes: route({ ...system, path: "/v1/scopes", summary: "List the scopes that the caller may see", answers: { 200: ScopeTree } }),
  startDemo: route({ ...system, permission: "demo.start", method: "POST", path: "/v1/demo", summary: "Start the demo shop and a run against it", description: "Opens a small shop on the server's machine, saves the load test Demo shop in the scope demo/demo/demo, and starts a run of it. 409 where the server does not offer it: it has tokens, no local cluster that serves the scope, or was not started by npm start.", body: StartDemo, bodyOptional: true, etag: true, answers: { 201: RunAnswer } }),
  getMe: route({ ...system, path: "/v1/me", summary: "Get who you are and what you may do", answers: { 200: Me } }),

  registerExternalRun: route({ ...callbacks, path: "/v1/internal/locust/register-external", summary: "Register a run that was started at Locust", body: RegisterExternal, answers: { 200: RegisterExternalAnswer } }),
  reportTestStart: route({ ...callbacks, path: "/v1/internal/locust/test-start", summary: "Report that load has started", body: TestStart, answers: { 200: CallbackAnswer } }),
  reportTestStop: route({ ...callbacks, path: "/v1/internal/locust/test-stop", summary: "Report that load has ended", body: TestStop, answers: { 200: CallbackAnswer } }),
  reportMetrics: route({ ...callbacks, path: "/v1/internal/locust/metrics", summary: "Report a snapshot of the metrics", body: PushMetrics, answers: { 200: CallbackAnswer } }),

  createSession: route({ ...probes, method: "POST", path: "/v1/session", summary: "Sign in with a token", description: "Sets a cookie that only browsers send, for 12 hours without a request and 7 days at most. 409 where the server has no tokens, so that nobody signs in.", body: CreateSession, answers: { 201: Me } }),
  deleteSession: route({ ...probes, method: "DELETE", path: "/v1/session", summary: "Sign out", description: "Ends the session of the cookie, also its streams. May be repeated. With a cookie it must come from a page of the server.", answers: { 204: null } }),

  reloadConfiguration: route({ ...system, permission: "configuration.reload", method: "POST", path: "/v1/admin/reload", summary: "Reload the configuration", description: "Replaces clusters and tokens; runs continue. Only the administrator may call it. An invalid configuration gets 400 naming every fault, and the previous one stays in force.", answers: { 200: ReloadAnswer } }),
  getStorageUse: route({ ...system, permission: "storage.read", method: "GET", path: "/v1/admin/storage", summary: "Get how much is stored", description: "Of all scopes together, so only the administrator may call it. It is cheap: nothing is counted record by record.", answers: { 200: StorageAnswer } }),
  getLiveness: route({ ...probes, anyHost: true, path: "/livez", summary: "Check that the process is alive", answers: { 200: z.object({ status: z.literal("ok").describe("Always ok.") }) } }),
  getReadiness: route({ ...probes, path: "/readyz", summary: "Check that the server is ready", answers: { 200: ReadyAnswer, 503: ReadyAnswer } }),
  getHealth: route({ ...probes, path: "/health", summary: "Get the version and the state of store and clusters", answers: { 200: HealthAnswer } }),
  getPrometheusMetrics: route({ ...probes, path: "/metrics", summary: "Get metrics in Prometheus format", answers: { 200: "text/plain; version=0.0.4" } }),
};
export type Routes = typeof routes;
