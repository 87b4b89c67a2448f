import { closeSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "../../lib/log.ts";
import { isDamage, isFull } from "./errors.ts";

/**
 * A file that takes up room, deleted when the disk is full and the end of a run must be written: enough for thousands of
 * ends. Even deleting needs room in a database.
 */
const BALLAST_BYTES = 8 << 20;
/**
 * A disk with less than this free, the ballast counted, is full. The difference is for commits that still have to go from the
 * log into the database, and for deleting metrics.
 */
const FULL_BYTES = 2 * BALLAST_BYTES;
/** A disk that was full has room again when this much is free, the ballast counted: metrics that wait are stored next. */
const FREE_BYTES = 3 * BALLAST_BYTES;

/** Trouble with a data folder while it is in use: a full disk, a damaged database. */
export type Trouble = {
  /** Notes the error of a read or a write of this database. */
  readonly met: (error: unknown, file: string) => void;
  readonly damaged: (file: string, what: string) => void;
  /** False from when the disk is full until there is room again: only the ends of runs are written meanwhile. */
  readonly hasRoom: () => boolean;
  /** False while the ballast is given back: the last room is then for the ends of runs, and not for deleting metrics. */
  readonly hasRoomToDelete: () => boolean;
  /** Gives the ballast back. True where there is room now, and it is worth trying again. */
  readonly giveBack: () => boolean;
  /** In words; empty where there is no trouble. */
  readonly reasons: () => string[];
};

const ballastAt = (ballast: string) => {
  const exists = (): boolean => {
    try {
      return statSync(ballast).size >= BALLAST_BYTES;
    } catch {
      return false;
    }
  };
  const create = (): boolean => {
    try {
      // Not a hole: zeros that are really there.
      const file = openSync(ballast, "w", 0o600);
      try {
        const zeros = Buffer.alloc(1 << 20);
        for (let left = BALLAST_BYTES; left > 0; left -= zeros.length) writeSync(file, zeros);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      return true;
    } catch {
      rmSync(ballast, { force: true });
      return false;
    }
  };
  return { exists, create, remove: (): void => rmSync(ballast, { force: true }) };
};

export const watchTrouble = (folder: string, log?: Log): Trouble => {
  const ballast = ballastAt(join(folder, "ballast"));
  const damages = new Map<string, string>();

  const logDamage = (file: string, what: string): void =>
    log?.error(
      { event: "database_damaged", folder, file, what },
      "A database is damaged; its undamaged part stays readable.",
    );

  let full = false;
  const setFull = (now: boolean): void => {
    if (now && !full) {
      log?.error(
        { event: "disk_full", folder },
        "The disk is full: nothing new is stored until there is room.",
      );
    }
    if (!now && full) log?.info({ event: "disk_has_room", folder }, "The disk has room again.");
    full = now;
  };
  const hasRoom = (): boolean => {
    const held = ballast.exists();
    const { bavail, bsize } = statfsSync(folder);
    const free = bavail * bsize + (held ? BALLAST_BYTES : 0);
    const enough = free >= (held && !full ? FULL_BYTES : FREE_BYTES);
    setFull(!enough || !(held || ballast.create()));
    return !full;
  };
  hasRoom();

  return {
    met: (error, file) => {
      if (isDamage(error) && !damages.has(file)) {
        damages.set(file, "a page of it cannot be read");
        logDamage(file, "a page of it cannot be read");
      }
      if (isFull(error)) setFull(true);
    },
    giveBack: () => {
      if (!ballast.exists()) return false;
      ballast.remove();
      setFull(true);
      log?.warn(
        { event: "ballast_released", folder },
        "The ballast file was deleted, so that the ends of runs can be stored.",
      );
      return true;
    },
    damaged: (file, what) => {
      damages.set(file, what);
      logDamage(file, what);
    },
    hasRoom,
    hasRoomToDelete: () => hasRoom() || ballast.exists(),
    reasons: () => [
      ...(hasRoom() ? [] : ["its disk is full; free some space"]),
      ...[...damages].map(
        ([file, what]) =>
          `${file} is damaged (${what}); restore it from a backup with load-manager store restore`,
      ),
    ],
  };
};
