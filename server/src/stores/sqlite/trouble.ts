import { closeSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "../../lib/log.ts";
import { codeOf } from "./errors.ts";

/**
 * A file that takes up room, given back when the disk is full: enough for the ends of thousands of runs to be written.
 * Even deleting needs room in a database.
 */
const BALLAST_BYTES = 8 << 20;
/** So much must be free before the ballast is taken up again: figures that wait are stored next. */
const FREE_BYTES = 3 * BALLAST_BYTES;

const isFull = (error: unknown): boolean => /^(SQLITE_FULL|ENOSPC|EDQUOT)/.test(codeOf(error));
const isDamage = (error: unknown): boolean => /^SQLITE_(CORRUPT|NOTADB)/.test(codeOf(error));

/** What is wrong with a data folder while it is in use. */
export type Trouble = {
  /** Notes what a write or a read of this database was refused for. True where there is room now, and it is worth trying again. */
  readonly met: (error: unknown, file: string) => boolean;
  readonly damaged: (file: string, what: string) => void;
  /** Figures are stored only while there is room for everything else. */
  readonly roomForMetrics: () => boolean;
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
  const release = (): boolean => {
    if (!hasBallast()) return false;
    rmSync(ballast, { force: true });
    return true;
  };
  const take = (): boolean => {
    if (hasBallast()) return true;
    const { bavail, bsize } = statfsSync(folder);
    if (bavail * bsize < FREE_BYTES) return false;
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

  if (!take())
    log?.warn({ folder }, "the disk is nearly full: no figures are stored until there is room");

  return {
    met: (error, file) => {
      if (isDamage(error) && !damages.has(file)) {
        damages.set(file, "a page of it cannot be read");
        log?.error(
          { folder, file },
          "a database is damaged; what can be read of it stays readable",
        );
      }
      if (!isFull(error) || !release()) return false;
      log?.error(
        { folder },
        "the disk is full: the ballast is given back, and no figures are stored",
      );
      return true;
    },
    damaged: (file, what) => {
      damages.set(file, what);
      log?.error(
        { folder, file, what },
        "a database is damaged; what can be read of it stays readable",
      );
    },
    roomForMetrics: take,
    reasons: () => [
      ...(take() ? [] : ["its disk is full; free some space"]),
      ...[...damages].map(
        ([file, what]) =>
          `${file} is damaged (${what}); restore it from a backup with load-manager store restore`,
      ),
    ],
  };
};
