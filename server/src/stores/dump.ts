import type { LoadTest } from "@load-manager/contract/load-test.ts";
import type { MetricSnapshot } from "@load-manager/contract/metrics.ts";
import type { LoadTestRun, RunEvent } from "@load-manager/contract/run.ts";
import type { ScriptRevision } from "@load-manager/contract/script.ts";
import type { IdempotencyRecord } from "./idempotency-store.ts";
import type { Lease } from "./lease-store.ts";
import type { Rollup, CompactedRange, DenormalizedTotals, MetricRecord } from "./ports.ts";

/** Everything that a store keeps, but heartbeats, which are of servers that run. */
export type DumpRecords = {
  readonly load_tests: LoadTest;
  readonly script_revisions: ScriptRevision;
  readonly script_blobs: { readonly sha256: string; readonly content: Uint8Array };
  readonly load_test_runs: LoadTestRun;
  /** Of runs that are there. */
  readonly run_live: { readonly runId: string; readonly live: MetricSnapshot };
  /** By run, in the order of arrival. A store may give other numbers, never smaller ones, in the same order. */
  readonly run_events: {
    readonly runId: string;
    readonly arrival: number;
    readonly id: string;
    readonly event: RunEvent;
  };
  /** Released: nobody works on the slot, and its fence is the one that was reached. */
  readonly leases: Omit<Lease, "runId">;
  readonly idempotency_keys: IdempotencyRecord;
  /** Those that are not compacted. */
  readonly metrics_timeseries: MetricRecord;
  readonly metrics_rollups: Rollup;
  /** Of runs that have any; in the order of (masterInstanceId, fromSeq). */
  readonly metrics_compacted: {
    readonly runId: string;
    readonly compacted: readonly CompactedRange[];
  };
};
export type DumpKind = keyof DumpRecords;

/** In the order of writing: what is referred to comes first. */
export const DUMP_KINDS: readonly DumpKind[] = [
  "load_tests",
  "script_revisions",
  "script_blobs",
  "load_test_runs",
  "run_live",
  "run_events",
  "leases",
  "idempotency_keys",
  "metrics_timeseries",
  "metrics_rollups",
  "metrics_compacted",
];

/** What the copy needs of a record's run, for stores that write totals beside the bytes. */
export type DenormalizedTotalsOf = (row: MetricRecord) => DenormalizedTotals | undefined;

/** Records after a place, and the place of the last; without one, there are no more. A place means something to the store that gave it. */
export type DumpPage<T> = { readonly records: T[]; readonly last?: string };

/** One kind in one adapter. */
export type KindDump<T> = {
  readonly walk: (after: string | undefined) => Promise<DumpPage<T>>;
  readonly put: (records: readonly T[], plain?: DenormalizedTotalsOf) => Promise<void>;
  readonly count: () => Promise<number>;
  readonly clear: () => Promise<void>;
};
export type KindDumps = { readonly [K in DumpKind]: KindDump<DumpRecords[K]> };

/**
 * All of a store, kind by kind: what `store copy` reads and writes. Nobody else may use the store meanwhile; what others
 * write is found or not.
 */
export type StoreDump = {
  /** Some MiB of records at most, in the order of their keys; pages may be empty. */
  readonly walk: <K extends DumpKind>(kind: K, after?: string) => Promise<DumpPage<DumpRecords[K]>>;
  /** Each takes the place of what has its key: the same again changes nothing. Resolves after the commit. */
  readonly put: <K extends DumpKind>(
    kind: K,
    records: readonly DumpRecords[K][],
    plain?: DenormalizedTotalsOf,
  ) => Promise<void>;
  /** How many there are, or somewhat more: to be shown. */
  readonly count: (kind: DumpKind) => Promise<number>;
  readonly clear: (kind: DumpKind) => Promise<void>;
  /** What stands in the way of a server: the store holds a part of something only. */
  readonly mark: () => Promise<string | undefined>;
  /** Replaces the mark that still is `seen`; false where it is another. */
  readonly setMark: (seen: string | undefined, next: string | undefined) => Promise<boolean>;
};

export const storeDump = (
  kinds: KindDumps,
  marks: Pick<StoreDump, "mark" | "setMark">,
): StoreDump => ({
  walk: (kind, after) => kinds[kind].walk(after),
  put: async (kind, records, plain) => {
    if (records.length > 0) await kinds[kind].put(records, plain);
  },
  count: (kind) => kinds[kind].count(),
  clear: (kind) => kinds[kind].clear(),
  ...marks,
});

/** Records and bytes that one page holds at most; one record may be larger. */
const PAGE_RECORDS = 500;
const PAGE_BYTES = 4 << 20;

/** Whether a page is full after one more record of so many bytes. */
export const pageLimit = (): ((bytes: number) => boolean) => {
  let [records, bytes] = [0, 0];
  return (more) => {
    records += 1;
    bytes += more;
    return records >= PAGE_RECORDS || bytes >= PAGE_BYTES;
  };
};

/** A place of several values as text. */
export type Place = readonly (string | number)[];
export const placeText = (place: Place): string => JSON.stringify(place);
export const placeOf = (after: string | undefined): Place | undefined =>
  after === undefined ? undefined : (JSON.parse(after) as Place);
