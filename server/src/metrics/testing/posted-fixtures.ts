import { RequestsQuery, TimeseriesQuery, WindowQuery } from "@load-manager/contract/api/metrics.ts";
import type { SnapshotInput } from "@load-manager/contract/plugin/callbacks.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { createMemoryStores } from "../../stores/memory/stores.ts";
import { createRunMetrics } from "../run-metrics.ts";
import { testRun } from "./fixtures.ts";

export const START = 1000;
export const started = testRun({ startedAt: START * 1000, loadStartedAt: START * 1000 });
export const ended = testRun({
  ...started,
  status: "Finished",
  stoppingAt: (START + 60) * 1000,
  loadEndedAt: (START + 60) * 1000,
  finishedAt: (START + 70) * 1000,
});

export type Requests = Readonly<Record<string, number>>;
export const sumOf = (requests: Requests): number =>
  Object.values(requests).reduce((sum, count) => sum + count, 0);

/** Cumulative totals; one in ten requests has failed. */
export const snapshot = (requests: Requests, more: Partial<SnapshotInput> = {}): SnapshotInput => ({
  totalRequests: sumOf(requests),
  totalFailures: Math.floor(sumOf(requests) / 10),
  currentUsers: 3,
  requestStats: Object.fromEntries(
    Object.entries(requests).map(([name, numRequests]) => [
      `GET ${name}`,
      {
        method: "GET",
        name,
        numRequests,
        numFailures: Math.floor(numRequests / 10),
        avgResponseTime: 10,
      },
    ]),
  ),
  ...more,
});

/** A run whose totals are posted, with what the server answers of it. */
export const setUp = () => {
  const stores = createMemoryStores();
  const now = (START + 1000) * 1000;
  const clock = { now: () => now, monotonic: () => now, wall: () => now };
  const retention = { secondsDays: 36_500, tenSecondsDays: 36_500 };
  const metrics = createRunMetrics({ ...stores, shared: false, clock, retention });
  let second = START;
  return {
    stores,
    metrics,
    /** Two seconds after the one before, and as by a server that has just started. */
    post: async (
      of: SnapshotInput,
      more: {
        final?: boolean;
        source?: "polled";
        reporter?: string;
        at?: number;
        run?: LoadTestRun;
        workers?: readonly { readonly id: string; readonly isConnected: boolean }[];
      } = {},
    ): Promise<boolean> => {
      second += 2;
      metrics.forget("run");
      const { source = "json", at = second, run = started, ...rest } = more;
      return metrics.storeMetric(run, of, { source, at: at * 1000, ...rest });
    },
    rows: async (run = started): Promise<Record<string, number>> => {
      const { items } = await metrics.queries.requests(run, RequestsQuery.parse({}));
      return Object.fromEntries(
        items.map(({ method, name, totalRequests }) => [
          `${method} ${name}`,
          totalRequests ?? Number.NaN,
        ]),
      );
    },
    summary: (run = started, query: object = {}) =>
      metrics.queries.summary(run, WindowQuery.parse(query)),
    chart: (run = started) => metrics.queries.timeseries(run, TimeseriesQuery.parse({})),
    events: async () =>
      (await stores.events.list("run", { limit: 10 })).items.map(({ type }) => type),
  };
};
