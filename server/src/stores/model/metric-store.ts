/** One record of a batch as it arrived: its bytes never change. Types: `locust-plugin/PROTOCOL.md`. */
export type MetricRecord = {
  readonly runId: string;
  /** 32 hex digits; one per master process. */
  readonly masterInstanceId: string;
  readonly seq: number;
  /** 1 open, 2 sample, 3 event, 4 dropped, 5 final; 8: computed by the server from a cumulative snapshot. */
  readonly type: number;
  /** The Unix second of a sample or snapshot; 0 for other records. */
  readonly second: number;
  readonly body: Uint8Array;
};

/** Totals of a record as plain fields, written beside its bytes for other programs that read the database. Times in ms. */
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
  /** Indices of the records that were new. */
  readonly inserted: number[];
  /** Indices of the records whose key was stored with other bytes; the stored ones were kept. */
  readonly conflicting: number[];
};

/** Samples of a window of some minutes, compacted by series and width of cell. `metrics/codec/rollup.ts` has the format. */
export type Rollup = {
  readonly runId: string;
  /** The 16 hex digits of an endpoint, or one of the codec's names for other series. */
  readonly series: string;
  readonly level: number;
  /** The first Unix second of its window. */
  readonly start: number;
  readonly body: Uint8Array;
};

/** Record numbers of one master instance whose records are in rollups; both ends included. */
export type CompactedRange = {
  readonly masterInstanceId: string;
  readonly fromSeq: number;
  readonly toSeq: number;
};

export type RollupQuery = {
  readonly level: number;
  /** "endpoints": every series of 16 digits. */
  readonly series: readonly string[] | "endpoints";
  /** The range of the rollups' starts; both ends included. */
  readonly fromStart: number;
  readonly toStart: number;
};

/** A consistent view: each sample is in a rollup or in a record, never in both. */
export type Reading = {
  /** By (series, start) within each query, in the order of the queries. */
  readonly rollups: Rollup[];
  /** By (masterInstanceId, seq). */
  readonly records: MetricRecord[];
  readonly compacted: CompactedRange[];
};

export type MetricStore = {
  /**
   * Inserts the records that are absent; resolves after the commit. A record that was compacted is not absent.
   * Stores that write totals beside the bytes get them from `totalsOf`.
   */
  readonly append: (
    records: readonly MetricRecord[],
    totalsOf?: (index: number) => DenormalizedTotals | undefined,
  ) => Promise<AppendResult>;
  /** All records of a run that are not compacted, or those of a range of seconds (inclusive; then only samples and snapshots), by (masterInstanceId, seq). */
  readonly read: (
    runId: string,
    range?: { readonly fromSecond: number; readonly toSecond: number },
  ) => Promise<MetricRecord[]>;
  /** Records after a number of each master instance, by (masterInstanceId, seq): for followers. */
  readonly readAfter: (
    runId: string,
    cursor: ReadonlyMap<string, number>,
    limit: number,
  ) => Promise<MetricRecord[]>;
  /** Rollups, and records as `read` gives them: `records` absent gives none, `{}` all. */
  readonly readRollups: (
    runId: string,
    query: {
      readonly rollups: readonly RollupQuery[];
      readonly records?: { readonly fromSecond?: number; readonly toSecond?: number };
    },
  ) => Promise<Reading>;
  /**
   * In one step: replaces the rollups of the same (series, level, start), deletes the records, and remembers their numbers.
   * False, and nothing happens, where one of the records is gone: another writer was first.
   */
  readonly compact: (
    runId: string,
    records: readonly Pick<MetricRecord, "masterInstanceId" | "seq">[],
    rollups: readonly Rollup[],
  ) => Promise<boolean>;
  /** The runs that have samples or snapshots before a second, and the oldest such second of each. */
  readonly uncompacted: (
    beforeSecond: number,
  ) => Promise<{ readonly runId: string; readonly second: number }[]>;
  /** Deletes the rollups of a level that begin before a second, except those of the runs named. */
  readonly expire: (
    level: number,
    beforeStart: number,
    keptRunIds: readonly string[],
  ) => Promise<void>;
  readonly deleteRun: (runId: string) => Promise<void>;
};
