/** Everything of these keys is asked for again while the run goes on: `fast` with every second, `slow` every five. */
export const liveKey = (runId: string, pace: "fast" | "slow") => ["metrics", runId, pace] as const;
