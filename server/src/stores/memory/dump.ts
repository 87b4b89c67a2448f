import type { MetricSnapshot } from "@load-manager/contract/model/stats.ts";
import type {
  DumpPage,
  HandWrittenDumps,
  HandWrittenRecords,
  KindDump,
  StoreDump,
} from "../dump.ts";
import type { IdempotencyRecord } from "../model/idempotency-store.ts";
import type { Lease } from "../model/lease-store.ts";
import { compareText } from "../../lib/text.ts";
import type { StoredEvents } from "./events.ts";
import { leaseKey } from "./leases.ts";
import { copy, keyOf, mergedOf, type MetricsOfRun, metricsOf, placeOf } from "./metrics.ts";

/** What the hand-written stores keep. */
export type Memory = {
  readonly blobs: Map<string, Uint8Array>;
  readonly live: Map<string, MetricSnapshot>;
  readonly events: StoredEvents;
  readonly leases: Map<string, Lease>;
  readonly keys: Map<string, IdempotencyRecord>;
  readonly metrics: Map<string, MetricsOfRun>;
};

const PAGE = 100;

/** The next of all, by key; what is put is put one by one. */
const kindOf = <T>(
  all: () => Iterable<readonly [key: string, record: T]>,
  put: (record: T) => void,
  clear: () => void,
): KindDump<T> => ({
  walk: async (after): Promise<DumpPage<T>> => {
    const page = [...all()]
      .filter(([key]) => after === undefined || compareText(key, after) > 0)
      .toSorted(([a], [b]) => compareText(a, b))
      .slice(0, PAGE);
    const last = page.at(-1)?.[0];
    return {
      records: structuredClone(page.map(([, record]) => record)),
      ...(last === undefined ? {} : { last }),
    };
  },
  put: async (records) => {
    for (const record of records) put(structuredClone(record));
  },
  count: async () => [...all()].length,
  clear: async () => clear(),
});

export const ofMap = <T>(map: Map<string, T>, keyed: (record: T) => string): KindDump<T> =>
  kindOf(
    () => map,
    (record) => map.set(keyed(record), record),
    () => map.clear(),
  );

const metricDumps = (
  metrics: Memory["metrics"],
): Pick<HandWrittenDumps, "metrics_timeseries" | "metrics_rollups" | "metrics_compacted"> => {
  const runs = () => [...metrics];
  return {
    metrics_timeseries: kindOf(
      () =>
        runs().flatMap(([runId, { records }]) =>
          [...records].map(([key, record]) => [`${runId} ${key}`, record] as const),
        ),
      (record) => metricsOf(metrics, record.runId).records.set(keyOf(record), copy(record)),
      () => {
        for (const [, { records }] of runs()) records.clear();
      },
    ),
    metrics_rollups: kindOf(
      () =>
        runs().flatMap(([runId, { rollups }]) =>
          [...rollups].map(([key, rollup]) => [`${runId} ${key}`, rollup] as const),
        ),
      (rollup) => metricsOf(metrics, rollup.runId).rollups.set(placeOf(rollup), copy(rollup)),
      () => {
        for (const [, { rollups }] of runs()) rollups.clear();
      },
    ),
    metrics_compacted: kindOf<HandWrittenRecords["metrics_compacted"]>(
      () =>
        runs().flatMap(([runId, run]) => {
          const compacted = mergedOf(run).toSorted(
            (a, b) => compareText(a.masterInstanceId, b.masterInstanceId) || a.fromSeq - b.fromSeq,
          );
          return compacted.length === 0 ? [] : [[runId, { runId, compacted }] as const];
        }),
      ({ runId, compacted }) => {
        const known = metricsOf(metrics, runId).compacted;
        known.clear();
        for (const range of compacted) {
          const numbers = known.get(range.masterInstanceId) ?? new Set();
          for (let seq = range.fromSeq; seq <= range.toSeq; seq += 1) numbers.add(seq);
          known.set(range.masterInstanceId, numbers);
        }
      },
      () => {
        for (const [, { compacted }] of runs()) compacted.clear();
      },
    ),
  };
};

export const memoryDumps = (memory: Memory): HandWrittenDumps => {
  const { blobs, live, events, leases, metrics } = memory;
  return {
    script_blobs: kindOf(
      () => [...blobs].map(([sha256, content]) => [sha256, { sha256, content }] as const),
      ({ sha256, content }) => blobs.set(sha256, content),
      () => blobs.clear(),
    ),
    run_live: kindOf(
      () => [...live].map(([runId, one]) => [runId, { runId, live: one }] as const),
      ({ runId, live: one }) => live.set(runId, one),
      () => live.clear(),
    ),
    run_events: kindOf(
      () =>
        [...events.byId].map(
          ([id, { runId, arrival, event }]) =>
            [
              `${runId} ${String(arrival).padStart(16, "0")}`,
              { runId, arrival, id, event },
            ] as const,
        ),
      ({ id, runId, arrival, event }) => {
        if (events.byId.has(id)) return;
        events.lastArrival = Math.max(events.lastArrival + 1, arrival);
        events.byId.set(id, { runId, arrival: events.lastArrival, event });
      },
      () => events.byId.clear(),
    ),
    leases: kindOf(
      () =>
        [...leases].map(
          ([key, { clusterId, slot, holder, fence }]) =>
            [key, { clusterId, slot, holder, fence }] as const,
        ),
      (lease) => leases.set(leaseKey(lease.clusterId, lease.slot), lease),
      () => leases.clear(),
    ),
    idempotency_keys: ofMap(memory.keys, ({ id }) => id),
    ...metricDumps(metrics),
  };
};

/** The mark of an incomplete store. */
export const memoryMark = (): Pick<StoreDump, "mark" | "setMark"> => {
  let mark: string | undefined;
  return {
    mark: async () => mark,
    setMark: async (seen, next) => {
      if (mark !== seen) return false;
      mark = next;
      return true;
    },
  };
};
