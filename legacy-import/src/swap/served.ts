import type { Db } from "mongodb";
import { AppError } from "@load-manager/server/lib/errors.ts";
import { POLICY } from "@load-manager/server/runs/domain/policy.ts";
import type { MigrateDeps } from "../state/deps.ts";

type Heartbeat = { readonly _id: string; readonly count: unknown };

const WAIT_MS = 500;

const heartbeatsOf = async (db: Db): Promise<Map<string, string>> => {
  const beats = await db.collection<Heartbeat>("heartbeats").find().toArray();
  return new Map(beats.map(({ _id, count }) => [_id, String(count)]));
};

/**
 * Rejects with AppError conflict where a server works on the database. A server that has ended takes its heartbeat away; one
 * that was killed leaves it, and is known by its silence, after which it would have stood down itself.
 */
export const refuseWhileServed = async ({ db, clock, lock, say }: MigrateDeps): Promise<void> => {
  const before = await heartbeatsOf(db);
  if (before.size === 0) return;
  say("A server has worked on this database; waiting to see whether it is still running …");
  const since = clock.monotonic();
  while (clock.monotonic() - since < POLICY.standDownMs) {
    await lock.sleep(WAIT_MS);
    for (const [holder, count] of await heartbeatsOf(db)) {
      if (before.get(holder) === count) continue;
      throw new AppError(
        "conflict",
        `A Load Manager server (${holder}) works on the database ${db.databaseName}. Stop every server first. Nothing has been changed.`,
      );
    }
  }
};
