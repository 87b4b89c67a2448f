import type { Log } from "../lib/log.ts";
import { createPeriodic, type Periodic } from "../lib/periodic.ts";

const CHECK_MS = 1000;

export type AccessWatch = {
  /** Calls `onEnd` once `isAllowed` answers false. Returns what stops watching. */
  readonly watch: (isAllowed: () => Promise<boolean>, onEnd: () => void) => () => void;
  readonly job: Pick<Periodic, "start" | "stop" | "wake">;
};

/** Asks once a second, and when it is woken, whether the readers of open streams may still read. */
export const createAccessWatch = (log: Log): AccessWatch => {
  const watched = new Map<
    symbol,
    { readonly isAllowed: () => Promise<boolean>; readonly onEnd: () => void }
  >();
  const job = createPeriodic({
    name: "access_check",
    intervalMs: CHECK_MS,
    log,
    job: async () => {
      // Where the store does not answer for one reader, the others are still asked about.
      const asked = await Promise.allSettled(
        [...watched].map(async ([key, { isAllowed, onEnd }]) => {
          if (await isAllowed()) return;
          if (watched.delete(key)) onEnd();
        }),
      );
      const failed = asked.find((one) => one.status === "rejected");
      if (failed !== undefined) throw failed.reason;
    },
  });
  return {
    job,
    watch: (isAllowed, onEnd) => {
      const key = Symbol("watched");
      watched.set(key, { isAllowed, onEnd });
      return () => void watched.delete(key);
    },
  };
};
