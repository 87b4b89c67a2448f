import {
  MongoError,
  MongoNetworkError,
  MongoServerError,
  MongoServerSelectionError,
  MongoOperationTimeoutError,
} from "mongodb";
import { AppError, messageOf } from "../../lib/errors.ts";

const DUPLICATE_KEY = 11_000;
export const NAMESPACE_NOT_FOUND = 26;

export const isDuplicate = (error: unknown): boolean =>
  error instanceof MongoServerError && error.code === DUPLICATE_KEY;

/** Errors of a server that cannot work now, or not for this user. */
const REASONS: ReadonlyMap<number, string> = new Map([
  [13, "this user may not do that; check the user's rights"],
  [18, "it does not accept the user or the password of mongodb.uri"],
  [8000, "it does not accept the user or the password of mongodb.uri"],
  [14031, "its disk is full; free some space"],
]);

/**
 * Where the server, or the way to it, is the cause: `unavailable`, with the name of the setting. An AppError stays as it is;
 * any other error is a fault of the program.
 */
export const mongoError = (error: unknown): Error => {
  if (error instanceof AppError) return error;
  if (!(error instanceof MongoError)) {
    if (isBroken(error)) return away(`it does not answer (${messageOf(error)})`, error);
    return error instanceof Error ? error : new Error(messageOf(error));
  }
  const unanswered =
    error instanceof MongoNetworkError ||
    error instanceof MongoServerSelectionError ||
    error instanceof MongoOperationTimeoutError ||
    error.hasErrorLabel("RetryableWriteError") ||
    error.name === "MongoPoolClearedError" ||
    error.name === "MongoNotConnectedError" ||
    error.name === "MongoTopologyClosedError" ||
    error.name === "MongoClientClosedError" ||
    error.name === "MongoWaitQueueTimeoutError";
  const code = error instanceof MongoServerError ? Number(error.code) : Number.NaN;
  const reason =
    REASONS.get(code) ?? (unanswered ? `it does not answer (${error.message})` : undefined);
  if (reason === undefined) return error;
  return away(reason, error);
};

const away = (reason: string, cause: unknown): AppError =>
  new AppError("unavailable", `The MongoDB server (mongodb.uri) cannot be used: ${reason}.`, {
    fields: [{ field: "mongodb.uri", message: reason }],
    cause,
  });

/** For a connection that breaks during a write the driver does not always throw an error of its own. */
const isBroken = (error: unknown): boolean =>
  error instanceof Error &&
  "code" in error &&
  /^(ECONNRESET|EPIPE|ETIMEDOUT|ECONNREFUSED|EHOSTUNREACH)$/.test(String(error.code));

/** Makes a port's function: it rejects with an error that explains the trouble of the server. */
export const verb =
  <Args extends readonly unknown[], T>(work: (...args: Args) => Promise<T>) =>
  async (...args: Args): Promise<T> => {
    try {
      return await work(...args);
    } catch (error) {
      throw mongoError(error);
    }
  };
