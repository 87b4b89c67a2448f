import type { Db } from "mongodb";
import type { Clock } from "@load-manager/server/lib/clock.ts";
import type { Ids } from "@load-manager/server/lib/ids.ts";
import type { LockDeps } from "./lock.ts";

export type MigrateDeps = {
  readonly db: Db;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly lock: Omit<LockDeps, "say" | "monotonic">;
  /** A line for the person who started the migration. */
  readonly say: (line: string) => void;
  readonly onProgress: (what: string, done: number, total: number) => void;
};

export const lockDeps = ({ lock, clock, say }: MigrateDeps): LockDeps => ({
  ...lock,
  say,
  monotonic: clock.monotonic,
});
