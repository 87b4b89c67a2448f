import { AppError, messageOf } from "../../lib/errors.ts";

const codeOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";

const FULL = /^(SQLITE_FULL|ENOSPC|EDQUOT)/;
export const isFull = (error: unknown): boolean => FULL.test(codeOf(error));

const DAMAGE = /^SQLITE_(CORRUPT|NOTADB)/;
export const isDamage = (error: unknown): boolean => DAMAGE.test(codeOf(error));

/** The system's own error, thrown before a write is tried, so that the last room stays free. */
export const noRoom = (): Error => Object.assign(new Error("no room"), { code: "ENOSPC" });

/** Errors of the operating system and of SQLite, in words for the operator. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [FULL, "its disk is full; free some space"],
  [
    /^(SQLITE_READONLY|EACCES|EPERM|EROFS)/,
    "it cannot be written to; check its owner and its rights",
  ],
  [/^(EEXIST|ENOTDIR)/, "it is not a folder"],
  [/^SQLITE_CANTOPEN/, "its files cannot be opened; check their owner and their rights"],
  [/^SQLITE_(IOERR|PROTOCOL)/, "its disk reports an error"],
  [DAMAGE, "its database is damaged; restore it from a backup with load-manager store restore"],
  [/^SQLITE_BUSY/, "another program holds its database"],
];

/** Names the setting where the folder is the cause. An AppError stays as it is; any other error is a fault of the program. */
export const folderError = (error: unknown, dataDir: string, file?: string): Error => {
  if (error instanceof AppError) return error;
  const code = codeOf(error);
  const reason = REASONS.find(([pattern]) => pattern.test(code))?.[1];
  if (reason === undefined) return error instanceof Error ? error : new Error(messageOf(error));
  return new AppError(
    "unavailable",
    `The data folder ${dataDir} (store.dataDir) cannot be used: ${reason} (${code}${file === undefined ? "" : ` in ${file}`}).`,
    { fields: [{ field: "store.dataDir", message: reason }], cause: error },
  );
};
