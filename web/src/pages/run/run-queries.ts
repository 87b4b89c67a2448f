import { serverNow } from "../../api/server-time.ts";
import type { RunEvent } from "@load-manager/contract/model/run.ts";
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { client } from "../../api/client.ts";
import { liveKey } from "../../api/live-keys.ts";

/** As many points have the lines of every chart, whatever its width, so that all ask for the same and can ask before they are drawn. */
const CHART_POINTS = 600;

/** A window as the API's queries name it. */
export type WindowQuery = {
  readonly from?: string;
  readonly to?: string;
  readonly phase?: "steady";
};

/** A window that moves on keeps its key, so that what was answered stays until the next answer. */
const windowKey = (kind: string, window: WindowQuery): readonly unknown[] =>
  kind === "chosen" ? [kind, window] : [kind];

/** Percentiles of the curve, as far as tables of nines go. */
const CURVE = "10,25,50,75,90,95,98,99,99.5,99.9,99.95,99.99";

export const summaryQuery = (runId: string, kind: string, window: WindowQuery) =>
  queryOptions({
    queryKey: [...liveKey(runId, "fast"), "summary", ...windowKey(kind, window)],
    queryFn: ({ signal }) =>
      client.getRunSummary({ params: { runId }, query: { ...window, percentiles: CURVE }, signal }),
    placeholderData: keepPreviousData,
  });

/** The verdict of a run, or how its criteria stand. */
export const verdictQuery = (runId: string) =>
  queryOptions({
    queryKey: [...liveKey(runId, "fast"), "verdict"],
    queryFn: ({ signal }) => client.getRunVerdict({ params: { runId }, signal }),
  });

const NOW_MS = 10_000;

/** The last ten seconds of a run that goes on, from the time of the query. */
export const nowQuery = (runId: string) =>
  queryOptions({
    queryKey: [...liveKey(runId, "fast"), "now"],
    queryFn: ({ signal }) =>
      client.getRunSummary({
        params: { runId },
        query: { from: String(Math.floor((serverNow() - NOW_MS) / 1000) * 1000) },
        signal,
      }),
    placeholderData: keepPreviousData,
  });

export const chartQuery = (
  runId: string,
  kind: string,
  window: WindowQuery,
  endpoint: readonly string[],
) =>
  queryOptions({
    queryKey: [...liveKey(runId, "fast"), "chart", ...windowKey(kind, window), endpoint],
    queryFn: ({ signal }) =>
      client.getRunTimeseries({
        params: { runId },
        query: {
          ...window,
          points: CHART_POINTS,
          format: "columns",
          fields:
            "totalRps,currentUsers,targetUsers,errorsPerSec,p50ResponseMs,p95ResponseMs,p99ResponseMs,minResponseMs,maxResponseMs",
          ...(endpoint.length === 0 ? {} : { endpoint: [...endpoint] }),
        },
        signal,
      }),
    placeholderData: keepPreviousData,
  });

/** The figure of a criterion over the whole run. */
export const criterionChartQuery = (
  runId: string,
  field: string,
  endpoint: readonly string[],
  points: number,
) =>
  queryOptions({
    queryKey: [...liveKey(runId, "fast"), "criterion", field, endpoint],
    queryFn: ({ signal }) =>
      client.getRunTimeseries({
        params: { runId },
        query: {
          points,
          format: "columns",
          fields: field,
          ...(endpoint.length === 0 ? {} : { endpoint: [...endpoint] }),
        },
        signal,
      }),
  });

/** One chart for each of several endpoints. */
export const endpointChartQuery = (
  runId: string,
  kind: string,
  window: WindowQuery,
  endpoint: readonly string[],
) =>
  queryOptions({
    queryKey: [...liveKey(runId, "fast"), "endpoint charts", ...windowKey(kind, window), endpoint],
    queryFn: ({ signal }) =>
      client.getRunTimeseries({
        params: { runId },
        query: {
          ...window,
          points: CHART_POINTS,
          format: "columns",
          groupBy: "endpoint",
          fields: "totalRps,p95ResponseMs",
          endpoint: [...endpoint],
        },
        signal,
      }),
    placeholderData: keepPreviousData,
  });

/** The newest runs of a load test, to lay one of them under the charts. */
export const earlierRunsQuery = (loadTestId: string) =>
  queryOptions({
    queryKey: ["runs", "earlier", loadTestId],
    queryFn: ({ signal }) =>
      client.listLoadTestRuns({ params: { loadTestId }, query: { limit: 20 }, signal }),
  });

/** One series of p95 for each of these endpoints, for the small lines of the table. */
export const endpointLinesQuery = (
  runId: string,
  kind: string,
  window: WindowQuery,
  endpoint: readonly string[],
) =>
  queryOptions({
    queryKey: [...liveKey(runId, "slow"), "lines", ...windowKey(kind, window), endpoint],
    enabled: endpoint.length > 0,
    queryFn: ({ signal }) =>
      client.getRunTimeseries({
        params: { runId },
        query: {
          ...window,
          points: 40,
          format: "columns",
          groupBy: "endpoint",
          fields: "p95ResponseMs",
          endpoint: [...endpoint],
        },
        signal,
      }),
    placeholderData: keepPreviousData,
  });

const slow = <Answer>(
  runId: string,
  name: string,
  kind: string,
  window: WindowQuery,
  ask: (query: WindowQuery, signal: AbortSignal) => Promise<Answer>,
) =>
  queryOptions({
    queryKey: [...liveKey(runId, "slow"), name, ...windowKey(kind, window)],
    queryFn: ({ signal }) => ask(window, signal),
    placeholderData: keepPreviousData,
  });

/** The API's lists over time and tables have no phase. */
const bounds = ({ from, to }: WindowQuery) => ({
  ...(from === undefined ? {} : { from }),
  ...(to === undefined ? {} : { to }),
});

export const requestsQuery = (runId: string, kind: string, window: WindowQuery) =>
  slow(runId, "requests", kind, window, (query, signal) =>
    client.getRunRequests({ params: { runId }, query, signal }),
  );

/** The percentiles of every endpoint, for the curves of those that were chosen. */
export const endpointCurvesQuery = (runId: string, kind: string, window: WindowQuery) =>
  slow(runId, "curves", kind, window, (query, signal) =>
    client.getRunRequests({ params: { runId }, query: { ...query, percentiles: CURVE }, signal }),
  );

/** The sum of the endpoints of a run that goes on, as old as they are: the key figures are asked for more often. */
export const totalQuery = (runId: string, kind: string, window: WindowQuery) =>
  slow(runId, "total", kind, window, (query, signal) =>
    client.getRunSummary({ params: { runId }, query, signal }),
  );

export const failuresOverTimeQuery = (
  runId: string,
  kind: string,
  window: WindowQuery,
  points: number,
) =>
  slow(runId, "failures over time", kind, window, (query, signal) =>
    client.getRunFailuresOverTime({
      params: { runId },
      query: { ...bounds(query), points },
      signal,
    }),
  );

export const processesQuery = (runId: string, kind: string, window: WindowQuery) =>
  slow(runId, "processes", kind, window, (query, signal) =>
    client.getRunProcesses({
      params: { runId },
      query: { ...bounds(query), points: CHART_POINTS },
      signal,
    }),
  );

export const userClassesQuery = (runId: string, kind: string, window: WindowQuery) =>
  slow(runId, "users", kind, window, (query, signal) =>
    client.getRunUsers({
      params: { runId },
      query: { ...bounds(query), points: CHART_POINTS },
      signal,
    }),
  );

export const heatmapQuery = (
  runId: string,
  kind: string,
  window: WindowQuery,
  endpoint: readonly string[],
) =>
  slow(runId, `heatmap ${endpoint.join(" ")}`, kind, window, (query, signal) =>
    client.getRunHeatmap({
      params: { runId },
      query: {
        ...bounds(query),
        points: 150,
        ...(endpoint.length === 0 ? {} : { endpoint: [...endpoint] }),
      },
      signal,
    }),
  );

export const failuresQuery = (runId: string, kind: string, window: WindowQuery) =>
  slow(runId, "failures", kind, window, (query, signal) =>
    client.listRunFailures({ params: { runId }, query: bounds(query), signal }),
  );

export const exceptionsQuery = (runId: string, kind: string, window: WindowQuery) =>
  slow(runId, "exceptions", kind, window, (query, signal) =>
    client.listRunExceptions({ params: { runId }, query: bounds(query), signal }),
  );

const EVENTS_OF_A_PAGE = 200;

/** All events of a run, oldest first, page after page. */
export const eventsQuery = (runId: string) =>
  queryOptions({
    queryKey: ["run", runId, "events"],
    queryFn: async ({ signal }) => {
      const items: RunEvent[] = [];
      let cursor: string | undefined;
      do {
        const query = { limit: EVENTS_OF_A_PAGE, ...(cursor === undefined ? {} : { cursor }) };
        const page = await client.listRunEvents({ params: { runId }, query, signal });
        items.push(...page.items);
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      return { items };
    },
  });

export const scriptQuery = (loadTestId: string, revisionId: string) =>
  queryOptions({
    queryKey: ["script", loadTestId, revisionId],
    queryFn: ({ signal }) =>
      client.getScriptRevision({ params: { loadTestId, revisionId }, signal }),
    staleTime: Infinity,
  });

export const kneeQuery = (
  runId: string,
  kind: string,
  window: WindowQuery,
  endpoint: readonly string[],
) =>
  slow(runId, `knee ${endpoint.join(" ")}`, kind, window, (query, signal) =>
    client.getRunKnee({
      params: { runId },
      query: { ...bounds(query), ...(endpoint.length === 0 ? {} : { endpoint: [...endpoint] }) },
      signal,
    }),
  );
