import type { MetricSnapshot } from "@load-manager/contract/model/stats.ts";
import type { RunEvent } from "@load-manager/contract/model/run.ts";
import type { Collection } from "./model/collection.ts";
import type { IdempotencyRecord } from "./model/idempotency-store.ts";
import type { Lease } from "./model/lease-store.ts";
import type {
  Rollup,
  CompactedRange,
  DenormalizedTotals,
  MetricRecord,
} from "./model/metric-store.ts";
import { MODELS } from "./model/models.ts";

type Model = (typeof MODELS)[keyof typeof MODELS];
type EntityOf<M extends Model> =
  Parameters<M["port"]>[0] extends Collection<infer T, infer _Group, infer _Counter> ? T : never;

/** The entities of the list of models. */
type DescribedRecords = { readonly [M in Model as M["description"]["name"]]: EntityOf<M> };

/** What is stored by hand-written code: everything else but heartbeats, which belong to servers that run. */
export type HandWrittenRecords = {
  readonly script_blobs: { readonly sha256: string; readonly content: Uint8Array };
  /** Only of runs that exist. */
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
export type DumpRecords = DescribedRecords & HandWrittenRecords;
export type DumpKind = keyof DumpRecords;

const HAND_WRITTEN: readonly (keyof HandWrittenRecords)[] = [
  "script_blobs",
  "run_live",
  "run_events",
  "leases",
  "idempotency_keys",
  "metrics_timeseries",
  "metrics_rollups",
  "metrics_compacted",
];

/** In the order of writing: what is referred to comes first. */
export const DUMP_KINDS: readonly DumpKind[] = [
  ...Object.values(MODELS).map(({ description }) => description.name),
  ...HAND_WRITTEN,
];

/** The totals of a record, for stores that write them beside the bytes. */
export type DenormalizedTotalsOf = (record: MetricRecord) => DenormalizedTotals | undefined;

/** Records after a place, and the place of the last; without one, there are no more. Only the store that gave a place understands it. */
export type DumpPage<T> = { readonly records: T[]; readonly last?: string };

/** One kind in one adapter. */
export type KindDump<T> = {
  readonly walk: (after: string | undefined) => Promise<DumpPage<T>>;
  readonly put: (records: readonly T[], totalsOf?: DenormalizedTotalsOf) => Promise<void>;
  readonly count: () => Promise<number>;
  readonly clear: () => Promise<void>;
};
/** The kinds that an adapter has hand-written code for. */
export type HandWrittenDumps = {
  readonly [K in keyof HandWrittenRecords]: KindDump<HandWrittenRecords[K]>;
};

/**
 * All of a store, kind by kind: what `store copy` reads and writes. Nobody else may use the store meanwhile: a copy may
 * contain or lack what others write.
 */
export type StoreDump = {
  /** Some MiB of records at most, in the order of their keys; pages may be empty. */
  readonly walk: <K extends DumpKind>(kind: K, after?: string) => Promise<DumpPage<DumpRecords[K]>>;
  /** Each takes the place of the one with its key: the same again changes nothing. Resolves after the commit. */
  readonly put: <K extends DumpKind>(
    kind: K,
    records: readonly DumpRecords[K][],
    totalsOf?: DenormalizedTotalsOf,
  ) => Promise<void>;
  /** How many there are, or somewhat more: for showing progress. */
  readonly count: (kind: DumpKind) => Promise<number>;
  readonly clear: (kind: DumpKind) => Promise<void>;
  /** The mark of a store that is incomplete: no server starts on it. */
  readonly mark: () => Promise<string | undefined>;
  /** Replaces the mark that still is `seen`; false where it is another. */
  readonly setMark: (seen: string | undefined, next: string | undefined) => Promise<boolean>;
};

export const storeDump = (
  described: readonly (readonly [name: string, dump: KindDump<never>])[],
  handWritten: HandWrittenDumps,
  marks: Pick<StoreDump, "mark" | "setMark">,
): StoreDump => {
  const dumps = new Map<string, unknown>([...described, ...Object.entries(handWritten)]);
  // Every kind holds the records of its name.
  const of = <K extends DumpKind>(kind: K) => dumps.get(kind) as KindDump<DumpRecords[K]>;
  return {
    walk: (kind, after) => of(kind).walk(after),
    put: async (kind, records, totalsOf) => {
      if (records.length > 0) await of(kind).put(records, totalsOf);
    },
    count: (kind) => of(kind).count(),
    clear: (kind) => of(kind).clear(),
    ...marks,
  };
};
