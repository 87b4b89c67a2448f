/** The right to work on (cluster, slot). The fence only rises. */
export type Lease = {
  readonly clusterId: string;
  readonly slot: number;
  readonly holder: string;
  readonly fence: number;
  /** The run that the slot works on; absent while the slot is free. */
  readonly runId?: string;
};

export type LeaseStore = {
  readonly get: (clusterId: string, slot: number) => Promise<Lease | undefined>;
  readonly list: () => Promise<Lease[]>;
  /** Takes the slot for `holder`, with a new fence (`nextFence`): inserts a lease, or replaces one whose fence still is `seenFence`. `undefined` where another server was first. */
  readonly claim: (
    lease: {
      readonly clusterId: string;
      readonly slot: number;
      readonly holder: string;
      readonly runId?: string;
      /** The highest fence that the cluster has obeyed, perhaps one of another store: it refuses lower ones. */
      readonly aboveFence?: number | undefined;
    },
    seenFence: number | undefined,
  ) => Promise<Lease | undefined>;
  /** Frees the slot, keeping its fence, where holder and fence are still these. */
  readonly release: (
    clusterId: string,
    slot: number,
    holder: string,
    fence: number,
  ) => Promise<boolean>;
  /** Raises the holder's heartbeat: a counter, one record per server. */
  readonly beat: (holder: string, count: number) => Promise<void>;
  /** The counters of all servers that have not left. */
  readonly heartbeats: () => Promise<Map<string, number>>;
  /** Deletes the heartbeat: other servers may take its slots at once. */
  readonly leave: (holder: string) => Promise<void>;
};
