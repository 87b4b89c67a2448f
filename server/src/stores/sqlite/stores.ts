import { AppError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import { storeDump } from "../dump.ts";
import type { OpenedStores } from "../ports.ts";
import { assemble, descriptionsOf, type ExtraModel } from "../shared/assemble.ts";
import { unfinishedError } from "../shared/unfinished.ts";
import { sqliteBlobs } from "./blobs.ts";
import { sqliteCollection } from "./collection.ts";
import { controlOf } from "./control.ts";
import { openDatabase } from "./database.ts";
import { sqliteDumps, sqliteMark } from "./dump.ts";
import { folderError, isFull } from "./errors.ts";
import { sqliteEvents } from "./events.ts";
import { type Folder, holdFolder } from "./folder.ts";
import { sqliteKeys } from "./keys.ts";
import { sqliteLeases } from "./leases.ts";
import { sqliteLive } from "./live.ts";
import { MARK_FILE, readMark } from "./mark.ts";
import { openSqliteMetrics } from "./metrics.ts";
import { CHECK_WRITE, CONTROL_MIGRATIONS } from "./migrations.ts";
import { sqliteStorageUse } from "./storage-use.ts";
import { type Trouble, watchTrouble } from "./trouble.ts";

/** The main thread waits no longer than this where another program holds control.db: everybody waits with it. */
const BUSY_MS = 250;

type SqliteOptions = {
  readonly dataDir: string;
  readonly log?: Log;
  /** Also a folder that holds a part of a copy only. */
  readonly unfinished?: boolean;
  /** Entities that only a test knows. */
  readonly extra?: readonly ExtraModel[];
};

/** Both databases. A damaged control.db is opened all the same: what can be read of it stays readable. */
const openBoth = async (folder: Folder, options: SqliteOptions, trouble: Trouble) => {
  const mark = readMark(folder.file(MARK_FILE));
  if (mark !== undefined && options.unfinished !== true) {
    throw unfinishedError(`The data folder ${folder.path}`, mark);
  }
  const steps = [...CONTROL_MIGRATIONS, ...(options.extra ?? []).map(({ sqlite }) => sqlite)];
  const control = openDatabase(folder.file("control.db"), steps, {
    pageSize: 4096,
    busyMs: BUSY_MS,
  });
  try {
    const file = folder.file("metrics.db");
    const [first] = control.pragma("quick_check(1)") as { quick_check: string }[];
    if (first !== undefined && first.quick_check !== "ok") {
      trouble.damaged("control.db", first.quick_check.replaceAll(/\s+/g, " "));
    }
    const metrics = await openSqliteMetrics(file, folder.path, trouble, options.log);
    return { control, metrics };
  } catch (error) {
    control.close();
    throw error;
  }
};
/**
 * Opens the data folder, making it where there is none: `control.db` on this thread, `metrics.db` on one of its own,
 * `lock.db` and `server.pid` that say who holds it. Rejects with AppError unavailable where another process has it open,
 * where it cannot be written to, where it has another format, and where it is an incomplete copy, unless `unfinished`.
 */
export const openSqliteStores = async (options: SqliteOptions): Promise<OpenedStores> => {
  const folder = holdFolder(options.dataDir);
  const trouble = watchTrouble(folder.path, options.log);
  const { control, metrics } = await openBoth(folder, options, trouble)
    .catch((error: unknown) => {
      // Runs of the server before wait to be ended.
      if (isFull(error) && trouble.giveBack()) return openBoth(folder, options, trouble);
      throw error;
    })
    .catch((error: unknown) => {
      folder.release();
      throw folderError(error, folder.path);
    });
  const db = controlOf(control, folder.path, trouble);
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    try {
      await metrics.close();
    } finally {
      control.close();
      folder.release();
    }
  };
  const described = assemble(
    descriptionsOf(options.extra),
    (description) => sqliteCollection(db, description),
    { blobs: sqliteBlobs(db), live: sqliteLive(db) },
  );
  const handWritten = { ...sqliteDumps(db), ...metrics.dumps };
  return {
    kind: "sqlite",
    identity: "sqlite",
    shared: false,
    ...described.ports,
    collection: described.collection,
    events: sqliteEvents(db),
    leases: sqliteLeases(db),
    metrics: metrics.store,
    keys: sqliteKeys(db),
    dump: storeDump(described.dumps, handWritten, sqliteMark(db, folder.file(MARK_FILE))),
    ping: async () => {
      // Before any write: on a full disk even a write as small as this one would take some of the last room.
      const reasons = trouble.reasons();
      if (reasons.length > 0) throw new AppError("unavailable", reasons.join("; "));
      await db.verb(() => db.run(CHECK_WRITE))();
      await metrics.ping();
    },
    queueLength: metrics.queueLength,
    storageUse: sqliteStorageUse(db, folder),
    close: () => (closing ??= close()),
  };
};
