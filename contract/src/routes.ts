import { z } from "zod";
import { HealthAnswer, Me, ReadyAnswer, ScopeTree } from "./access.ts";
import { ClusterAnswer, ClusterPage, ClusterQuery } from "./cluster.ts";
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
} from "./locust.ts";
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
import { Id, Paging } from "./primitives.ts";
import { ReloadAnswer } from "./reload.ts";
import { route } from "./route.ts";
import {
  AddEvent,
  ChangeLoad,
  CreateRun,
  RunAnswer,
  RunEvent,
  RunEvents,
  RunPage,
  RunQuery,
  StopRun,
  UpdateRun,
} from "./run.ts";
import {
  CheckScript,
  PutScript,
  ScriptCheck,
  ScriptRevisionPage,
  ScriptRevisionWithContent,
} from "./script.ts";

const loadTestId = z.object({ loadTestId: Id });
const revision = z.object({ loadTestId: Id, revisionId: Id });
const runId = z.object({ runId: Id });
const PagingQuery = z.strictObject(Paging.shape).omit({ sort: true });

const loadTests = { tag: "Load tests", caller: "user" } as const;
const scripts = { tag: "Scripts", caller: "user" } as const;
const runs = { tag: "Runs", caller: "user" } as const;
const numbers = { tag: "Numbers of a run", caller: "user", method: "GET", params: runId } as const;
const around = { tag: "Around them", caller: "user", method: "GET" } as const;
const operations = { tag: "Operations", caller: "anyone", method: "GET" } as const;
const callback = { tag: "Called from inside Locust", caller: "locust", method: "POST" } as const;

/** Every endpoint of the API, on one screen. */
export const routes = {
  createLoadTest: route({ ...loadTests, method: "POST", path: "/v1/load-tests", summary: "Define a load test", body: CreateLoadTest, answers: { 201: LoadTestAnswer } }),
  listLoadTests: route({ ...loadTests, method: "GET", path: "/v1/load-tests", summary: "List load tests", query: LoadTestQuery, answers: { 200: LoadTestPage } }),
  getLoadTest: route({ ...loadTests, method: "GET", path: "/v1/load-tests/:loadTestId", summary: "Read a load test", params: loadTestId, versioned: true, answers: { 200: LoadTestAnswer } }),
  updateLoadTest: route({ ...loadTests, method: "PATCH", path: "/v1/load-tests/:loadTestId", summary: "Change a load test", description: "A merge patch: what is left out stays, null clears.", params: loadTestId, body: UpdateLoadTest, versioned: true, answers: { 200: LoadTestAnswer } }),
  replaceLoadTest: route({ ...loadTests, method: "PUT", path: "/v1/load-tests/:loadTestId", summary: "Change a load test", description: "The same as PATCH, for existing clients.", params: loadTestId, body: UpdateLoadTest, versioned: true, answers: { 200: LoadTestAnswer } }),
  deleteLoadTest: route({ ...loadTests, method: "DELETE", path: "/v1/load-tests/:loadTestId", summary: "Delete a load test; its runs are kept", params: loadTestId, versioned: true, answers: { 204: null } }),

  putScript: route({ ...scripts, method: "PUT", path: "/v1/load-tests/:loadTestId/script", summary: "Save the script", description: "A new revision, or the newest one where nothing changed.", params: loadTestId, body: PutScript, answers: { 200: ScriptRevisionWithContent, 201: ScriptRevisionWithContent } }),
  getScript: route({ ...scripts, method: "GET", path: "/v1/load-tests/:loadTestId/script", summary: "The newest revision, with contents", params: loadTestId, answers: { 200: ScriptRevisionWithContent } }),
  listRevisions: route({ ...scripts, method: "GET", path: "/v1/load-tests/:loadTestId/script/revisions", summary: "All revisions, newest first", params: loadTestId, query: PagingQuery, answers: { 200: ScriptRevisionPage } }),
  getRevision: route({ ...scripts, method: "GET", path: "/v1/load-tests/:loadTestId/script/revisions/:revisionId", summary: "One revision, with contents", params: revision, answers: { 200: ScriptRevisionWithContent } }),
  checkScript: route({ ...scripts, method: "POST", path: "/v1/scripts/check", summary: "Check a script without saving it", body: CheckScript, answers: { 200: ScriptCheck } }),

  createRun: route({ ...runs, method: "POST", path: "/v1/load-tests/:loadTestId/runs", summary: "Start a run", params: loadTestId, body: CreateRun, bodyOptional: true, answers: { 201: RunAnswer } }),
  listRunsOfLoadTest: route({ ...runs, method: "GET", path: "/v1/load-tests/:loadTestId/runs", summary: "The runs of a load test", params: loadTestId, query: RunQuery.omit({ loadTestId: true }), answers: { 200: RunPage } }),
  listRuns: route({ ...runs, method: "GET", path: "/v1/runs", summary: "List runs", query: RunQuery, answers: { 200: RunPage } }),
  getRun: route({ ...runs, method: "GET", path: "/v1/runs/:runId", summary: "Read a run", params: runId, versioned: true, answers: { 200: RunAnswer } }),
  updateRun: route({ ...runs, method: "PATCH", path: "/v1/runs/:runId", summary: "Rename, annotate, tag or keep a run", params: runId, body: UpdateRun, versioned: true, answers: { 200: RunAnswer } }),
  deleteRun: route({ ...runs, method: "DELETE", path: "/v1/runs/:runId", summary: "Delete an ended run", params: runId, versioned: true, answers: { 204: null } }),
  stopRun: route({ ...runs, method: "POST", path: "/v1/runs/:runId/stop", summary: "Stop a run", description: "202 while it is stopping, 200 where it had ended; may be repeated.", params: runId, body: StopRun, bodyOptional: true, answers: { 200: RunAnswer, 202: RunAnswer } }),
  changeLoad: route({ ...runs, method: "PATCH", path: "/v1/runs/:runId/load", summary: "Change the users of a running run", params: runId, body: ChangeLoad, answers: { 202: RunAnswer } }),
  addRunEvent: route({ ...runs, method: "POST", path: "/v1/runs/:runId/events", summary: "Add a mark to a run", params: runId, body: AddEvent, answers: { 201: RunEvent } }),

  getSummary: route({ ...numbers, path: "/v1/runs/:runId/summary", summary: "The key figures", query: WindowQuery, answers: { 200: SummaryAnswer } }),
  getGraph: route({ ...numbers, path: "/v1/runs/:runId/graph", summary: "Users, requests and errors over time", query: GraphQuery, answers: { 200: GraphAnswer } }),
  getRequests: route({ ...numbers, path: "/v1/runs/:runId/requests", summary: "The table of endpoints", description: "`format=csv` has Locust's own column names.", query: RequestsQuery, answers: { 200: RequestsAnswer } }),
  getTimeseries: route({ ...numbers, path: "/v1/runs/:runId/metrics/timeseries", summary: "A chart over any window", query: TimeseriesQuery, answers: { 200: TimeseriesAnswer } }),
  getScatter: route({ ...numbers, path: "/v1/runs/:runId/metrics/scatter", summary: "Latencies over time, as points", query: DistributionQuery, answers: { 200: ScatterAnswer } }),
  getHeatmap: route({ ...numbers, path: "/v1/runs/:runId/metrics/heatmap", summary: "Latencies over time, as counts", query: DistributionQuery, answers: { 200: HeatmapAnswer } }),
  exportMetrics: route({ ...numbers, path: "/v1/runs/:runId/metrics/export", summary: "Everything, streamed as CSV or lines of JSON", description: "One row for each bucket and endpoint. `format=ndjson` adds the histograms.", query: ExportQuery, answers: { 200: "text/csv; charset=utf-8" } }),
  getFailures: route({ ...numbers, path: "/v1/runs/:runId/failures", summary: "What failed, and how often", query: FailuresQuery, answers: { 200: FailuresAnswer } }),
  getExceptions: route({ ...numbers, path: "/v1/runs/:runId/exceptions", summary: "What the script raised", query: FailuresQuery, answers: { 200: ExceptionsAnswer } }),
  streamRun: route({ ...numbers, path: "/v1/runs/:runId/stream", summary: "What happens, as it happens", description: "Server-sent events: `sample` (a SampleEvent), `status` and `event` (a RunEvent), `end`. `Last-Event-ID` goes on where a reader left off.", query: StreamQuery, answers: { 200: "text/event-stream" } }),
  getAggregate: route({ ...numbers, path: "/v1/runs/:runId/metrics/aggregate", summary: "Stats, endpoints and chart in one answer", query: AggregateQuery, answers: { 200: AggregateAnswer } }),
  listRunEvents: route({ ...numbers, path: "/v1/runs/:runId/events", summary: "What happened", query: PagingQuery, answers: { 200: RunEvents } }),

  listClusters: route({ ...around, path: "/v1/clusters", summary: "The clusters that serve a scope", query: ClusterQuery, answers: { 200: ClusterPage } }),
  getCluster: route({ ...around, path: "/v1/clusters/:clusterId", summary: "One cluster", params: z.object({ clusterId: Id }), answers: { 200: ClusterAnswer } }),
  listScopes: route({ ...around, path: "/v1/scopes", summary: "The scopes that the caller may see", answers: { 200: ScopeTree } }),
  getMe: route({ ...around, path: "/v1/me", summary: "Who is calling", answers: { 200: Me } }),

  registerExternal: route({ ...callback, path: "/v1/internal/locust/register-external", summary: "A run was started at Locust itself", body: RegisterExternal, answers: { 200: RegisterExternalAnswer } }),
  testStart: route({ ...callback, path: "/v1/internal/locust/test-start", summary: "Load has begun", body: TestStart, answers: { 200: CallbackAnswer } }),
  testStop: route({ ...callback, path: "/v1/internal/locust/test-stop", summary: "Load has ended", body: TestStop, answers: { 200: CallbackAnswer } }),
  pushMetrics: route({ ...callback, path: "/v1/internal/locust/metrics", summary: "A plain JSON snapshot", body: PushMetrics, answers: { 200: CallbackAnswer } }),

  reload: route({ tag: "Operations", caller: "user", method: "POST", path: "/v1/admin/reload", summary: "Read the configuration again", description: "Takes over clusters and tokens; runs go on. For the administrator. Where the configuration is not right, 400 names every fault and what was in force stays.", answers: { 200: ReloadAnswer } }),
  livez: route({ ...operations, path: "/livez", summary: "The process answers", answers: { 200: z.object({ status: z.literal("ok") }) } }),
  readyz: route({ ...operations, path: "/readyz", summary: "The server can work", answers: { 200: ReadyAnswer, 503: ReadyAnswer } }),
  health: route({ ...operations, path: "/health", summary: "Version, store, clusters", answers: { 200: HealthAnswer } }),
  prometheus: route({ ...operations, path: "/metrics", summary: "For Prometheus", answers: { 200: "text/plain; version=0.0.4" } }),
};
export type Routes = typeof routes;
