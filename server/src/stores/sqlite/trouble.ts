import { closeSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "../../lib/log.ts";
import { isDamage, isFull } from "./errors.ts";

/**
 * A file that takes up room, given back when the disk is full and the end of a run is to be written: enough for
 * thousands of them. Even deleting needs room in a database.
 */
const BALLAST_BYTES = 8 << 20;
/**
 * A disk with less than this free, the ballast counted, is full: what is committed still has to go from the log into the
 * database, which must not need the ballast, and figures are deleted with what is left.
 */
const FULL_BYTES = 2 * BALLAST_BYTES;
/** So much must be free, the ballast counted, before a disk that was full has room again: figures that wait are stored next. */
const FREE_BYTES = 3 * BALLAST_BYTES;

/** What is wrong with a data folder while it is in use. */
export type Trouble = {
  /** Notes what a write or a read of this database was refused for. */
  readonly met: (error: unknown, file: string) => void;
  readonly damaged: (file: string, what: string) => void;
  /** False from when the disk is full until there is room again: only the ends of runs are written meanwhile. */
  readonly hasRoom: () => boolean;
  /** False while the ballast is given back: what is left then is for the ends of runs, and not for deleting figures. */
  readonly hasRoomToDelete: () => boolean;
  /** Gives the ballast back. True where there is room now, and it is worth trying again. */
  readonly giveBack: () => boolean;
  /** In words; empty where all is well. */
  readonly reasons: () => string[];
};

export const watchTrouble = (folder: string, log?: Log): Trouble => {
  const ballast = join(folder, "ballast");
  const damages = new Map<string, string>();

  const hasBallast = (): boolean => {
    try {
      return statSync(ballast).size >= BALLAST_BYTES;
    } catch {
      return false;
    }
  };
  const take = (): boolean => {
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

  let full = false;
  const setFull = (now: boolean): void => {
    if (now && !full) {
      log?.error({ folder }, "the disk is full: nothing new is stored until there is room");
    }
    if (!now && full) log?.info({ folder }, "the disk has room again");
    full = now;
  };
  const hasRoom = (): boolean => {
    const held = hasBallast();
    const { bavail, bsize } = statfsSync(folder);
    const free = bavail * bsize + (held ? BALLAST_BYTES : 0);
    const enough = free >= (held && !full ? FULL_BYTES : FREE_BYTES);
    setFull(!enough || !(held || take()));
    return !full;
  };
  hasRoom();

  return {
    met: (error, file) => {
      if (isDamage(error) && !damages.has(file)) {
        damages.set(file, "a page of it cannot be read");
        log?.error(
          { folder, file },
          "a database is damaged; what can be read of it stays readable",
        );
      }
      if (isFull(error)) setFull(true);
    },
    giveBack: () => {
      if (!hasBallast()) return false;
      rmSync(ballast, { force: true });
      setFull(true);
      log?.warn({ folder }, "the ballast is given back, so that the ends of runs can be written");
      return true;
    },
    damaged: (file, what) => {
      damages.set(file, what);
      log?.error(
        { folder, file, what },
        "a database is damaged; what can be read of it stays readable",
      );
    },
    hasRoom,
    hasRoomToDelete: () => hasRoom() || hasBallast(),
    reasons: () => [
      ...(hasRoom() ? [] : ["its disk is full; free some space"]),
      ...[...damages].map(
        ([file, what]) =>
          `${file} is damaged (${what}); restore it from a backup with load-manager store restore`,
      ),
    ],
  };
};
