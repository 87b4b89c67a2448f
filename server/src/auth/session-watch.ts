import type { Log } from "../lib/log.ts";
import { createPeriodic, type Periodic } from "../lib/periodic.ts";

const CHECK_MS = 1000;

export type SessionWatch = {
  /** Calls `onEnd` once the session has ended, here or on another server. Returns what stops watching. */
  readonly watch: (cookie: string, onEnd: () => void) => () => void;
  readonly job: Pick<Periodic, "start" | "stop" | "wake">;
};

/** Watches the sessions of open streams. */
export const createSessionWatch = (
  isAlive: (cookie: string) => Promise<boolean>,
  log: Log,
): SessionWatch => {
  const watched = new Map<symbol, { readonly cookie: string; readonly onEnd: () => void }>();
  const job = createPeriodic({
    name: "session_check",
    intervalMs: CHECK_MS,
    log,
    job: async () => {
      for (const [key, { cookie, onEnd }] of watched) {
        if (await isAlive(cookie)) continue;
        watched.delete(key);
        onEnd();
      }
    },
  });
  return {
    job,
    watch: (cookie, onEnd) => {
      const key = Symbol("watched");
      watched.set(key, { cookie, onEnd });
      return () => void watched.delete(key);
    },
  };
};
