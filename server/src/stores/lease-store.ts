/** Who may work on (cluster, slot). The fence only ever rises. */
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
  /** Takes the slot for `holder`, with the fence that `nextFence` says: inserts, or replaces a lease whose fence still is `seenFence`. `undefined` where somebody was first. */
  readonly claim: (
    lease: {
      readonly clusterId: string;
      readonly slot: number;
      readonly holder: string;
      readonly runId?: string;
      /** What the cluster has followed already, perhaps on another store's behalf: a fence below is refused there. */
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
  /** The holder's heartbeat: a counter that rises, one row per server. */
  readonly beat: (holder: string, count: number) => Promise<void>;
  /** Of every server that has not left. */
  readonly heartbeats: () => Promise<Map<string, number>>;
  /** Takes the heartbeat away: whatever the server held is free at once. */
  readonly leave: (holder: string) => Promise<void>;
};
