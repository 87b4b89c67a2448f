import type { Caller } from "../../access/caller.ts";
import type { MetricsFacade } from "../../metrics/run-metrics.ts";
import type { RunStore } from "../../stores/ports.ts";
import type { Streams } from "../../stream/streams.ts";
import type { Handlers } from "../bind.ts";
import { visibleRunOf } from "./runs.ts";

type Operations =
  | "getSummary"
  | "getGraph"
  | "getRequests"
  | "getTimeseries"
  | "getScatter"
  | "getHeatmap"
  | "exportMetrics"
  | "getFailures"
  | "getExceptions"
  | "streamRun"
  | "getAggregate";

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
    getSummary: async ({ params, query, caller }) => ({
      body: await queries.summary(await visible(caller, params.runId), query),
    }),
    getGraph: async ({ params, query, caller }) => ({
      body: await queries.graph(await visible(caller, params.runId), query),
    }),
    getRequests: async ({ params, query, caller }) => {
      const run = await visible(caller, params.runId);
      if (query.format === "json") return { body: await queries.requests(run, query) };
      return {
        raw: await queries.requestsCsv(run, query),
        contentType: "text/csv; charset=utf-8",
        headers: { "content-disposition": `attachment; filename="${run.id}-requests.csv"` },
      };
    },
    getTimeseries: async ({ params, query, caller }) => ({
      body: await queries.timeseries(await visible(caller, params.runId), query),
    }),
    getAggregate: async ({ params, query, caller }) => ({
      body: await queries.aggregate(await visible(caller, params.runId), query),
    }),
    getScatter: async ({ params, query, caller }) => ({
      body: await queries.scatter(await visible(caller, params.runId), query),
    }),
    getHeatmap: async ({ params, query, caller }) => ({
      body: await queries.heatmap(await visible(caller, params.runId), query),
    }),
    exportMetrics: async ({ params, query, caller }) => {
      const run = await visible(caller, params.runId);
      return {
        raw: queries.exportLines(run, query),
        contentType: query.format === "csv" ? "text/csv; charset=utf-8" : "application/x-ndjson",
        headers: {
          "content-disposition": `attachment; filename="${run.id}-metrics.${query.format}"`,
        },
      };
    },
    getFailures: async ({ params, query, caller }) => ({
      body: await queries.failures(await visible(caller, params.runId), query),
    }),
    getExceptions: async ({ params, query, caller }) => ({
      body: await queries.exceptions(await visible(caller, params.runId), query),
    }),
    streamRun: async ({ params, query, caller, lastEventId }) => {
      const run = await visible(caller, params.runId);
      return { stream: streams.reader(run, lastEventId ?? query.lastEventId) };
    },
  };
};
