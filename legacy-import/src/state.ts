import type { Db } from "mongodb";
import { AppError } from "@load-manager/server/lib/errors.ts";
import { isDuplicate } from "@load-manager/server/stores/mongo/errors.ts";
import type { Rename, Target } from "./plan.ts";

/** How far the copying of one collection has come. */
export type Job = {
  readonly done: boolean;
  /** The last `_id` that was dealt with; absent at the beginning. */
  readonly last?: { readonly id: unknown };
  /** What was about to be inserted: after a kill it is taken out and made again. */
  readonly pending: readonly string[];
  readonly copied: number;
  readonly left: number;
  readonly repaired: Readonly<Record<string, number>>;
};

export type State = {
  readonly phase: "copy" | "verify" | "swap" | "finish" | "done" | "rollback";
  readonly stamp: string;
  readonly startedAt: number;
  readonly keepActive: boolean;
  /** Of the mapping: an interrupted migration goes on with the same only. */
  readonly mapping: string;
  readonly targets: readonly Target[];
  readonly jobs: Readonly<Record<string, Job>>;
  /** Recorded before the first of them is done. */
  readonly renames: readonly Rename[];
  /** How many of them are done at least. */
  readonly renamed: number;
};

export const NEW_JOB: Job = { done: false, pending: [], copied: 0, left: 0, repaired: {} };

type Stored = State & { readonly _id: string; readonly owner: string };
type LockDocument = {
  readonly _id: string;
  readonly owner: string | null;
  readonly host: string;
  readonly pid: number;
  readonly beat: number;
};

export type Process = { readonly owner: string; readonly host: string; readonly pid: number };
export type LockDeps = {
  readonly self: Process;
  readonly monotonic: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Of this host. */
  readonly isAlive: (pid: number) => boolean;
  readonly say: (line: string) => void;
};

const COLLECTION = "migrations";
const CURRENT = "current";
const LOCK = "lock";
const BEAT_MS = 2000;
/** A holder whose counter has not moved for this long, and while so many looks were answered, is gone. */
const SILENT_MS = 15_000;
const LOOKS = 20;

export const readState = async (db: Db): Promise<State | undefined> => {
  const stored = await db.collection<Stored>(COLLECTION).findOne({ _id: CURRENT });
  return stored ?? undefined;
};

const busy = ({ host, pid }: LockDocument): AppError =>
  new AppError(
    "conflict",
    `Another migration of this database is at work (process ${pid} on ${host.split(" ")[0] ?? host}). Wait until it has ended; if it breaks off, start again here and it goes on where it was.`,
  );

/** However long it has been silent: a process that was stopped may wake in the middle of a rename. */
const alive = ({ host, pid }: LockDocument): AppError =>
  new AppError(
    "conflict",
    `Another migration of this database is at work (process ${pid} on ${host.split(" ")[0] ?? host}, which is this machine). Wait until it has ended, or end it, and start again here: it goes on where it was. Where that process is no migration, remove the document "${LOCK}" from the collection ${COLLECTION}.`,
  );

/** Waits until it is sure whether the holder lives; rejects with AppError conflict if it does. */
const waitForGone = async (db: Db, seen: LockDocument, deps: LockDeps): Promise<void> => {
  const { self, say, sleep, monotonic, isAlive } = deps;
  if (seen.owner === null) return;
  if (seen.host === self.host) {
    if (!isAlive(seen.pid)) return;
    // A container that was started again has the number of the one before: its heartbeat tells.
    if (seen.pid !== self.pid) throw alive(seen);
  }
  say(`A migration was begun by process ${seen.pid}; looking whether it still works …`);
  const since = monotonic();
  for (let looks = 0; looks < LOOKS || monotonic() - since < SILENT_MS; looks += 1) {
    await sleep(500);
    const now = await db.collection<LockDocument>(COLLECTION).findOne({ _id: LOCK });
    if (now === null || now.owner !== seen.owner) return;
    if (now.beat !== seen.beat) throw busy(now);
  }
};

export type Held = {
  /** Asks the database. Rejects with AppError conflict where somebody has taken over. */
  readonly mine: () => Promise<void>;
  /** Rejects with AppError conflict where somebody has taken over. */
  readonly save: (state: State) => Promise<void>;
  readonly remove: () => Promise<void>;
  readonly release: () => Promise<void>;
};

/** Takes the lock of a database, over from a process that is gone. One at a time has it. */
export const takeLock = async (db: Db, deps: LockDeps): Promise<Held> => {
  const locks = db.collection<LockDocument>(COLLECTION);
  const states = db.collection<Stored>(COLLECTION);
  const mine = { ...deps.self, beat: 0 };
  for (;;) {
    const seen = await locks.findOne({ _id: LOCK });
    if (seen === null) {
      try {
        await locks.insertOne({ _id: LOCK, ...mine });
        break;
      } catch (error) {
        if (!isDuplicate(error)) throw error;
        continue;
      }
    }
    await waitForGone(db, seen, deps);
    const taken = await locks.findOneAndUpdate(
      { _id: LOCK, owner: seen.owner, beat: seen.beat },
      { $set: mine },
      { returnDocument: "after" },
    );
    if (taken !== null) break;
  }
  const { owner } = deps.self;
  const before = await states.findOne({ _id: CURRENT });
  if (before !== null) await states.updateOne({ _id: CURRENT }, { $set: { owner } });
  let there = before !== null;
  let lost = false;
  const timer = setInterval(() => {
    locks.updateOne({ _id: LOCK, owner }, { $inc: { beat: 1 } }).then(
      ({ matchedCount }) => (lost ||= matchedCount === 0),
      // The next beat, or the next step, hears of a server that is away.
      () => {},
    );
  }, BEAT_MS);
  const held = (): void => {
    if (!lost) return;
    throw new AppError("conflict", "Another process has taken this migration over; this one ends.");
  };
  return {
    mine: async () => {
      lost ||= (await locks.findOne({ _id: LOCK, owner })) === null;
      held();
    },
    save: async (state) => {
      held();
      if (!there) {
        await states.insertOne({ ...state, _id: CURRENT, owner });
        there = true;
        return;
      }
      const { matchedCount } = await states.replaceOne(
        { _id: CURRENT, owner },
        { ...state, owner },
        { ignoreUndefined: true },
      );
      lost ||= matchedCount === 0;
      held();
    },
    remove: async () => {
      held();
      await states.deleteMany({ _id: CURRENT });
      there = false;
    },
    release: async () => {
      clearInterval(timer);
      await locks.updateOne({ _id: LOCK, owner }, { $set: { owner: null } });
    },
  };
};
