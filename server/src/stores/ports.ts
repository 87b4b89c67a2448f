import type { LoadTest, LoadTestQuery, RecentRun } from "@load-manager/contract/load-test.ts";
import type { MetricSnapshot } from "@load-manager/contract/metrics.ts";
import type { ScopeFilter } from "@load-manager/contract/primitives.ts";
import type { LoadTestRun, RunEvent, RunQuery, RunStatus } from "@load-manager/contract/run.ts";
import type { ScriptRevision } from "@load-manager/contract/script.ts";
import type { IdempotencyStore } from "./idempotency-store.ts";
import type { LeaseStore } from "./lease-store.ts";
import type { StoreDump } from "./dump.ts";

/**
 * What a store is. Every port has one contract suite in `stores/contract/`, run on every adapter.
 * Stores never make ids or times; they hand out and take in deep copies. Whatever depends on what
 * was read is compare-and-set and answers `undefined` when somebody else was first.
 */
export type Stores = {
  readonly kind: "memory" | "sqlite" | "mongodb";
  /** Names the data themselves: processes that were started for other data are nobody's business here. */
  readonly identity: string;
  /** Other servers may use it at the same time. */
  readonly shared: boolean;
  readonly loadTests: LoadTestStore;
  readonly revisions: RevisionStore;
  readonly runs: RunStore;
  readonly events: RunEventStore;
  readonly leases: LeaseStore;
  readonly metrics: MetricStore;
  readonly keys: IdempotencyStore;
  readonly dump: StoreDump;
  /** Rejects with the reason where the store cannot be written to just now. */
  readonly ping: () => Promise<void>;
  readonly close: () => Promise<void>;
};

export type Page<T> = { readonly items: T[]; readonly nextCursor?: string };

/**
 * What a caller may see. A list filter is met where every named level is equal. An empty object sees
 * everything. The second filter of a list is what the caller asked for; both must hold.
 */
export type Visible = ScopeFilter;

/** The fields that an edit of the definition owns; `null` removes the field. */
type Patch<T> = { readonly [K in keyof T]?: T[K] | null | undefined };

export type LoadTestStore = {
  /** Rejects with AppError conflict where the id is taken. */
  readonly create: (loadTest: LoadTest) => Promise<void>;
  readonly get: (id: string) => Promise<LoadTest | undefined>;
  /** Newest first unless `sort` says otherwise; ties broken by id; the cursor stays right under inserts and deletes. `q` is a case-insensitive part of the name; `tags`: all of them. */
  readonly list: (query: LoadTestQuery, visible: Visible) => Promise<Page<LoadTest>>;
  /** Sets the given fields and `version + 1` where `version` still is the stored one; else `undefined`. */
  readonly update: (
    id: string,
    version: number,
    patch: Patch<
      Omit<
        LoadTest,
        "id" | "version" | "recentRuns" | "recentRunsVersion" | "lastRunNumber" | "lastRunAt"
      >
    >,
  ) => Promise<LoadTest | undefined>;
  /** True where it was there at that version. */
  readonly delete: (id: string, version: number) => Promise<boolean>;
  /** Atomically raises `lastRunNumber` and sets `lastRunAt`; the new number, or `undefined` where the load test is gone. */
  readonly nextRunNumber: (id: string, at: number) => Promise<number | undefined>;
  /** Replaces `recentRuns` (and `updatedAt`, never `version`) where `recentRunsVersion` still is the stored one. */
  readonly setRecentRuns: (
    id: string,
    recentRunsVersion: number,
    recentRuns: readonly RecentRun[],
    updatedAt: number,
  ) => Promise<boolean>;
};

export type RevisionStore = {
  /** Stores the revision and the contents that are not there yet (by sha256). Rejects with AppError conflict where the (loadTestId, revisionNumber) or the id is taken. */
  readonly create: (
    revision: ScriptRevision,
    contents: ReadonlyMap<string, Uint8Array>,
  ) => Promise<void>;
  readonly get: (id: string) => Promise<ScriptRevision | undefined>;
  readonly newest: (loadTestId: string) => Promise<ScriptRevision | undefined>;
  /** Newest first. */
  readonly list: (
    loadTestId: string,
    paging: { readonly limit: number; readonly cursor?: string | undefined },
  ) => Promise<Page<ScriptRevision>>;
  readonly content: (sha256: string) => Promise<Uint8Array | undefined>;
};

/** The transitions of `runs/run.ts`; a store refuses any other. */
export type RunGuard = {
  readonly version: number;
  /** Where given, also the stored fence must be this one: what a lease holder writes. */
  readonly fence?: number;
};

export type RunStore = {
  readonly create: (run: LoadTestRun) => Promise<void>;
  readonly get: (id: string) => Promise<LoadTestRun | undefined>;
  readonly list: (query: RunQuery, visible: Visible) => Promise<Page<LoadTestRun>>;
  /**
   * Sets the given fields and `version + 1`, where the guard holds; `undefined` where it does not.
   * Rejects with AppError conflict for a status change that is not in the table (same status is fine).
   */
  readonly update: (
    id: string,
    guard: RunGuard,
    patch: Patch<Omit<LoadTestRun, "id" | "version">>,
  ) => Promise<LoadTestRun | undefined>;
  readonly delete: (id: string, version: number) => Promise<boolean>;
  /** Every run that still needs the loop (`settledAt` absent: it is not over, or is being deleted), oldest first. */
  readonly unsettled: () => Promise<LoadTestRun[]>;
  readonly findExternal: (
    locustClusterId: string,
    externalKey: string,
  ) => Promise<LoadTestRun | undefined>;
  /** The runs that are marked to keep all their figures. */
  readonly kept: () => Promise<string[]>;
  /** How many runs of a load test have one of these statuses. */
  readonly count: (loadTestId: string, statuses: readonly RunStatus[]) => Promise<number>;
  /** The live figures beside the run; at most one record per run, the newest wins. */
  readonly setLive: (runId: string, live: MetricSnapshot) => Promise<void>;
  readonly getLive: (runIds: readonly string[]) => Promise<Map<string, MetricSnapshot>>;
};

export type RunEventStore = {
  /** `id` makes it idempotent: the same id twice is stored once. */
  readonly append: (
    runId: string,
    events: readonly (RunEvent & { readonly id: string })[],
  ) => Promise<void>;
  /** Oldest first by (at, order of arrival). */
  readonly list: (
    runId: string,
    paging: { readonly limit: number; readonly cursor?: string | undefined },
  ) => Promise<Page<RunEvent>>;
  /** Those that arrived after a place (0: all), in the order of arrival: what a follower reads. */
  readonly after: (
    runId: string,
    arrival: number,
    limit: number,
  ) => Promise<{ readonly arrival: number; readonly event: RunEvent }[]>;
  readonly deleteRun: (runId: string) => Promise<void>;
};

/** One record of a batch as it arrived: its bytes never change. Types: `locust-plugin/PROTOCOL.md`. */
export type MetricRecord = {
  readonly runId: string;
  /** 32 hex digits; one per master process. */
  readonly masterInstanceId: string;
  readonly seq: number;
  /** 1 open, 2 sample, 3 event, 4 dropped, 5 final; 8 what the server made of a cumulative snapshot. */
  readonly type: number;
  /** The Unix second that a sample or snapshot speaks of; 0 for other records. */
  readonly second: number;
  readonly body: Uint8Array;
};

/** What a record says, for stores whose documents other programs read: written beside the bytes, never given back. Times in ms. */
export type DenormalizedTotals = {
  readonly accountId: string;
  readonly orgId: string;
  readonly projectId: string;
  readonly envId?: string;
  readonly currentUsers?: number;
  readonly requests?: number;
  readonly failures?: number;
  readonly timedRequests?: number;
  readonly sumResponseMs?: number;
  /** Absent where no request had a time. */
  readonly minResponseMs?: number;
  readonly maxResponseMs?: number;
};

export type AppendResult = {
  /** Indices (into the rows given) of those that were new. */
  readonly inserted: number[];
  /** Indices of those whose key was there with other bytes; the first were kept. */
  readonly conflicting: number[];
};

/** Samples of a window of some minutes, compacted by series and width of cell; what is in it is `metrics/rollups/codec.ts`'s. */
export type Rollup = {
  readonly runId: string;
  /** An endpoint's 16 hex digits, or one of the names that the codec has for others. */
  readonly series: string;
  readonly level: number;
  /** The Unix second that its window begins with. */
  readonly start: number;
  readonly body: Uint8Array;
};

/** Record numbers of one master instance whose rows have gone into rollups; both ends included. */
export type CompactedRange = {
  readonly masterInstanceId: string;
  readonly fromSeq: number;
  readonly toSeq: number;
};

export type RollupQuery = {
  readonly level: number;
  /** "endpoints": every series of 16 digits. */
  readonly series: readonly string[] | "endpoints";
  /** Of the rollups' starts; both ends included. */
  readonly fromStart: number;
  readonly toStart: number;
};

/** All of it as it stood at one moment: a figure is in a rollup or in a record, never in both. */
export type Reading = {
  /** By (series, start) within each query, in the order of the queries. */
  readonly rollups: Rollup[];
  /** By (masterInstanceId, seq). */
  readonly rows: MetricRecord[];
  readonly compacted: CompactedRange[];
};

export type MetricStore = {
  /**
   * Inserts what is absent; resolves after the commit. A row whose number was compacted counts as there.
   * `plain` is asked by stores that write totals beside the bytes.
   */
  readonly append: (
    rows: readonly MetricRecord[],
    plain?: (index: number) => DenormalizedTotals | undefined,
  ) => Promise<AppendResult>;
  /** All rows of a run that are not compacted, or those of a range of seconds (inclusive; then only samples and snapshots), by (masterInstanceId, seq). */
  readonly read: (
    runId: string,
    range?: { readonly fromSecond: number; readonly toSecond: number },
  ) => Promise<MetricRecord[]>;
  /** Rows after a place in each master instance, by (masterInstanceId, seq): what a follower reads. */
  readonly readAfter: (
    runId: string,
    cursor: ReadonlyMap<string, number>,
    limit: number,
  ) => Promise<MetricRecord[]>;
  /** Rollups, and rows as `read` gives them: `rows` absent gives none, `{}` all. */
  readonly readRollups: (
    runId: string,
    query: {
      readonly rollups: readonly RollupQuery[];
      readonly rows?: { readonly fromSecond?: number; readonly toSecond?: number };
    },
  ) => Promise<Reading>;
  /**
   * In one step: the rollups take the place of those with their (series, level, start), the rows go, their numbers stay
   * known. False, and nothing happens, where one of the rows is gone already: somebody was first.
   */
  readonly compact: (
    runId: string,
    rows: readonly Pick<MetricRecord, "masterInstanceId" | "seq">[],
    rollups: readonly Rollup[],
  ) => Promise<boolean>;
  /** The runs that have samples (type 2) before a second, and the oldest such second of each. */
  readonly uncompacted: (
    beforeSecond: number,
  ) => Promise<{ readonly runId: string; readonly second: number }[]>;
  /** Takes away the rollups of a level that begin before a second, but those of the runs named. */
  readonly expire: (
    level: number,
    beforeStart: number,
    keptRunIds: readonly string[],
  ) => Promise<void>;
  readonly deleteRun: (runId: string) => Promise<void>;
};
