import type { Collection, Db } from "mongodb";
import { AppError } from "@load-manager/server/lib/errors.ts";
import { createPeriodic } from "@load-manager/server/lib/periodic.ts";
import { isDuplicate } from "@load-manager/server/stores/mongo/errors.ts";
import { type State, STATE_COLLECTION, STATE_ID } from "./state.ts";

type StoredState = State & { readonly _id: string; readonly owner: string };
type LockDocument = {
  readonly _id: string;
  readonly owner: string | null;
  readonly host: string;
  readonly pid: number;
  readonly beat: number;
};

export type LockDeps = {
  readonly self: { readonly owner: string; readonly host: string; readonly pid: number };
  readonly monotonic: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Whether a process of this host is alive. */
  readonly isAlive: (pid: number) => boolean;
  readonly say: (line: string) => void;
};

const LOCK = "lock";
const BEAT_MS = 2000;
/** An owner is gone when its heartbeat has not risen for this long and in this many reads. */
const SILENT_MS = 15_000;
const READS = 20;

const nameOf = ({ host, pid }: LockDocument): string =>
  `process ${pid} on ${host.split(" ")[0] ?? host}`;

const busy = (owner: LockDocument): AppError =>
  new AppError(
    "conflict",
    `Another migration of this database is running (${nameOf(owner)}). Wait until it has ended; if it is interrupted, start again here to resume it.`,
  );

/** A live process of this machine keeps its lock: a suspended one may go on with a rename however long it was silent. */
const alive = (owner: LockDocument): AppError =>
  new AppError(
    "conflict",
    `Another migration of this database is running (${nameOf(owner)}, which is this machine). Wait until it has ended, or end that process and start again here to resume it. If that process is not a migration, remove the document "${LOCK}" from the collection ${STATE_COLLECTION}.`,
  );

/** Resolves once the owner is surely gone. Rejects with AppError conflict where it is alive. */
const waitForGone = async (
  locks: Collection<LockDocument>,
  seen: LockDocument,
  deps: LockDeps,
): Promise<void> => {
  const { self, say, sleep, monotonic, isAlive } = deps;
  if (seen.owner === null) return;
  if (seen.host === self.host) {
    if (!isAlive(seen.pid)) return;
    // A restarted container has the process id of the one before: only the heartbeat tells them apart.
    if (seen.pid !== self.pid) throw alive(seen);
  }
  say(`Process ${seen.pid} started a migration; waiting to see whether it is still running …`);
  const since = monotonic();
  for (let reads = 0; reads < READS || monotonic() - since < SILENT_MS; reads += 1) {
    await sleep(500);
    const now = await locks.findOne({ _id: LOCK });
    if (now === null || now.owner !== seen.owner) return;
    if (now.beat !== seen.beat) throw busy(now);
  }
};

/** Makes this process the owner, in place of one that is gone if need be. */
const acquire = async (locks: Collection<LockDocument>, deps: LockDeps): Promise<void> => {
  const own = { ...deps.self, beat: 0 };
  for (;;) {
    const seen = await locks.findOne({ _id: LOCK });
    if (seen === null) {
      try {
        await locks.insertOne({ _id: LOCK, ...own });
        return;
      } catch (error) {
        if (!isDuplicate(error)) throw error;
        continue;
      }
    }
    await waitForGone(locks, seen, deps);
    const taken = await locks.findOneAndUpdate(
      { _id: LOCK, owner: seen.owner, beat: seen.beat },
      { $set: own },
      { returnDocument: "after" },
    );
    if (taken !== null) return;
  }
};

export type Lock = {
  /** Asks the database. Rejects with AppError conflict where another process has taken over. */
  readonly assertOwned: () => Promise<void>;
  /** Rejects with AppError conflict where another process has taken over. */
  readonly save: (state: State) => Promise<void>;
  readonly remove: () => Promise<void>;
  readonly release: () => Promise<void>;
};

/** Takes the lock of a database, from a process that is gone if need be. One process has it at a time. */
export const takeLock = async (db: Db, deps: LockDeps): Promise<Lock> => {
  const locks = db.collection<LockDocument>(STATE_COLLECTION);
  const states = db.collection<StoredState>(STATE_COLLECTION);
  await acquire(locks, deps);
  const { owner } = deps.self;
  const before = await states.findOne({ _id: STATE_ID });
  if (before !== null) await states.updateOne({ _id: STATE_ID }, { $set: { owner } });
  let stored = before !== null;
  let lost = false;
  const heartbeat = createPeriodic({
    name: "migration_heartbeat",
    intervalMs: BEAT_MS,
    pauseFirst: true,
    job: async () => {
      const { matchedCount } = await locks.updateOne({ _id: LOCK, owner }, { $inc: { beat: 1 } });
      lost ||= matchedCount === 0;
    },
    // The migration's next step reports a server that does not answer.
    log: { error: () => {} },
  });
  heartbeat.start();
  const assertNotLost = (): void => {
    if (!lost) return;
    throw new AppError("conflict", "Another process has taken this migration over; this one ends.");
  };
  return {
    assertOwned: async () => {
      lost ||= (await locks.findOne({ _id: LOCK, owner })) === null;
      assertNotLost();
    },
    save: async (state) => {
      assertNotLost();
      if (!stored) {
        await states.insertOne({ ...state, _id: STATE_ID, owner });
        stored = true;
        return;
      }
      const { matchedCount } = await states.replaceOne(
        { _id: STATE_ID, owner },
        { ...state, owner },
        { ignoreUndefined: true },
      );
      lost ||= matchedCount === 0;
      assertNotLost();
    },
    remove: async () => {
      assertNotLost();
      await states.deleteMany({ _id: STATE_ID });
      stored = false;
    },
    release: async () => {
      await heartbeat.stop();
      await locks.updateOne({ _id: LOCK, owner }, { $set: { owner: null } });
    },
  };
};
