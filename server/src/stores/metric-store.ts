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
