import type { Caller } from "../../access/caller.ts";
import type { MetricsFacade } from "../../metrics/run-metrics.ts";
import type { RunStore } from "../../stores/model/load-test-run.ts";
import type { Streams } from "../../stream/streams.ts";
import type { Handlers } from "../bind.ts";
import { visibleRunOf } from "./runs.ts";

type Operations =
  | "getRunSummary"
  | "getRunGraph"
  | "getRunRequests"
  | "getRunTimeseries"
  | "getRunScatter"
  | "getRunHeatmap"
  | "exportRunMetrics"
  | "listRunFailures"
  | "listRunExceptions"
  | "streamRun"
  | "getRunAggregate";

/** The metrics of a run: summary, charts, tables, failures, export, live stream. */
export const runMetricsHandlers = ({
  runs,
  queries,
  streams,
}: {
  readonly runs: RunStore;
  readonly queries: MetricsFacade["queries"];
  readonly streams: Streams;
}): Pick<Handlers, Operations> => {
  const visible = (caller: Caller, id: string) => visibleRunOf(runs, caller, id);
  return {
    getRunSummary: async ({ params, query, caller }) => ({
      body: await queries.summary(await visible(caller, params.runId), query),
    }),
    getRunGraph: async ({ params, query, caller }) => ({
      body: await queries.graph(await visible(caller, params.runId), query),
    }),
    getRunRequests: async ({ params, query, caller }) => {
      const run = await visible(caller, params.runId);
      if (query.format === "json") return { body: await queries.requests(run, query) };
      return {
        raw: await queries.requestsCsv(run, query),
        contentType: "text/csv; charset=utf-8",
        headers: { "content-disposition": `attachment; filename="${run.id}-requests.csv"` },
      };
    },
    getRunTimeseries: async ({ params, query, caller }) => ({
      body: await queries.timeseries(await visible(caller, params.runId), query),
    }),
    getRunAggregate: async ({ params, query, caller }) => ({
      body: await queries.aggregate(await visible(caller, params.runId), query),
    }),
    getRunScatter: async ({ params, query, caller }) => ({
      body: await queries.scatter(await visible(caller, params.runId), query),
    }),
    getRunHeatmap: async ({ params, query, caller }) => ({
      body: await queries.heatmap(await visible(caller, params.runId), query),
    }),
    exportRunMetrics: async ({ params, query, caller }) => {
      const run = await visible(caller, params.runId);
      return {
        raw: queries.exportLines(run, query),
        contentType: query.format === "csv" ? "text/csv; charset=utf-8" : "application/x-ndjson",
        headers: {
          "content-disposition": `attachment; filename="${run.id}-metrics.${query.format}"`,
        },
      };
    },
    listRunFailures: async ({ params, query, caller }) => ({
      body: await queries.failures(await visible(caller, params.runId), query),
    }),
    listRunExceptions: async ({ params, query, caller }) => ({
      body: await queries.exceptions(await visible(caller, params.runId), query),
    }),
    streamRun: async ({ params, query, caller, lastEventId }) => {
      const run = await visible(caller, params.runId);
      return { stream: streams.reader(run, lastEventId ?? query.lastEventId) };
    },
  };
};
