import { AppError, messageOf } from "../../lib/errors.ts";

const codeOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";

const FULL = /^(SQLITE_FULL|ENOSPC|EDQUOT)/;
export const isFull = (error: unknown): boolean => FULL.test(codeOf(error));

const DAMAGE = /^SQLITE_(CORRUPT|NOTADB)/;
export const isDamage = (error: unknown): boolean => DAMAGE.test(codeOf(error));

/** What the system would say: thrown where nothing is tried, so that what room is left stays. */
export const noRoom = (): Error => Object.assign(new Error("no room"), { code: "ENOSPC" });

/** What the operating system or SQLite says, in words for the one who runs the server. */
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

/** An AppError is left as it is; what the folder is to blame for names the setting; anything else is our own fault. */
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
