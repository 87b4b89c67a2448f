import type { Access } from "../../auth/access.ts";
import type { MetricsFacade } from "../../metrics/run-metrics.ts";
import type { RunReader } from "../../stores/model/load-test-run.ts";
import type { Handlers } from "../bind.ts";
import { visibleRunOf } from "./runs.ts";

type Operations =
  | "getRunSummary"
  | "getRunGraph"
  | "getRunRequests"
  | "getRunTimeseries"
  | "getRunScatter"
  | "getRunHeatmap"
  | "getRunKnee"
  | "getRunFailuresOverTime"
  | "getRunProcesses"
  | "getRunUsers"
  | "exportRunMetrics"
  | "listRunFailures"
  | "listRunExceptions"
  | "getRunAggregate";

/** The metrics of a run: summary, charts, tables, failures, export. */
export const runMetricsHandlers = ({
  runs,
  queries,
}: {
  readonly runs: RunReader;
  readonly queries: MetricsFacade["queries"];
}): Pick<Handlers, Operations> => {
  const visible = (access: Access, id: string) => visibleRunOf(runs, access, id);
  return {
    getRunSummary: async ({ params, query, access }) => ({
      body: await queries.summary(await visible(access, params.runId), query),
    }),
    getRunGraph: async ({ params, query, access }) => ({
      body: await queries.graph(await visible(access, params.runId), query),
    }),
    getRunRequests: async ({ params, query, access }) => {
      const run = await visible(access, params.runId);
      if (query.format === "json") return { body: await queries.requests(run, query) };
      return {
        raw: await queries.requestsCsv(run, query),
        contentType: "text/csv; charset=utf-8",
        headers: { "content-disposition": `attachment; filename="${run.id}-requests.csv"` },
      };
    },
    getRunTimeseries: async ({ params, query, access }) => ({
      body: await queries.timeseries(await visible(access, params.runId), query),
    }),
    getRunAggregate: async ({ params, query, access }) => ({
      body: await queries.aggregate(await visible(access, params.runId), query),
    }),
    getRunScatter: async ({ params, query, access }) => ({
      body: await queries.scatter(await visible(access, params.runId), query),
    }),
    getRunHeatmap: async ({ params, query, access }) => ({
      body: await queries.heatmap(await visible(access, params.runId), query),
    }),
    getRunKnee: async ({ params, query, access }) => ({
      body: await queries.knee(await visible(access, params.runId), query),
    }),
    getRunFailuresOverTime: async ({ params, query, access }) => ({
      body: await queries.failuresOverTime(await visible(access, params.runId), query),
    }),
    getRunProcesses: async ({ params, query, access }) => ({
      body: await queries.processes(await visible(access, params.runId), query),
    }),
    getRunUsers: async ({ params, query, access }) => ({
      body: await queries.users(await visible(access, params.runId), query),
    }),
    exportRunMetrics: async ({ params, query, access }) => {
      const run = await visible(access, params.runId);
      return {
        raw: queries.exportLines(run, query),
        contentType: query.format === "csv" ? "text/csv; charset=utf-8" : "application/x-ndjson",
        headers: {
          "content-disposition": `attachment; filename="${run.id}-metrics.${query.format}"`,
        },
      };
    },
    listRunFailures: async ({ params, query, access }) => ({
      body: await queries.failures(await visible(access, params.runId), query),
    }),
    listRunExceptions: async ({ params, query, access }) => ({
      body: await queries.exceptions(await visible(access, params.runId), query),
    }),
  };
};
