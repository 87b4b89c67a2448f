/** What was measured of a criterion's metric in one window. */
export type Figures = {
  /** In the unit of the metric. Null: unknown. */
  readonly observed: number | null;
  /** Requests that matched, and those of them that failed. */
  readonly requests: number;
  readonly failures: number;
  /** Whether any second of the run has a request that matches: then a window without one has 0 of them, else nobody knows what was meant. */
  readonly isKnown: boolean;
  /** Those with a response time, and the sum of these in ms. */
  readonly timed: number;
  readonly sumMs: number;
  /** Of a percentile: how many response times are above the limit; absent where single times are not known. */
  readonly above?: number | undefined;
  /** The length of the window that rates are made of, in seconds. */
  readonly seconds: number;
  /** The requests per second of the busiest part of the window. */
  readonly busiestRate: number;
  /** Of a percentile or share: parts of the window with their values (n) and those above the limit, or failed (k). */
  readonly blocks: readonly { readonly n: number; readonly k: number }[];
};

/** What is known of a run over a window that may make its figures doubtful. */
export type Doubts = {
  readonly couldNotRun: boolean;
  /** Whether a process of Locust was at the limit of its CPU core. */
  readonly isSaturated: boolean;
  /** Whether fewer than 90 % of the users ran that should have. */
  readonly isLoadNotReached: boolean;
  /** Whether the load ended before the window should have. */
  readonly isCutShort: boolean;
  /** Seconds without metrics, and requests that are in no second of the window though they may belong there. */
  readonly lostSeconds: number;
  readonly lostRequests: number;
};

export const NO_DOUBTS: Doubts = {
  couldNotRun: false,
  isSaturated: false,
  isLoadNotReached: false,
  isCutShort: false,
  lostSeconds: 0,
  lostRequests: 0,
};

/** How many requests the window lacks at most. */
export const mostLost = (
  { busiestRate }: Pick<Figures, "busiestRate">,
  { lostSeconds, lostRequests }: Doubts,
): number => lostRequests + (lostSeconds === 0 ? 0 : Math.ceil(busiestRate * lostSeconds));
