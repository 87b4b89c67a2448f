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

/** Codes with which a server says that it cannot do it now, or not for us. */
const REASONS: ReadonlyMap<number, string> = new Map([
  [13, "this user may not do that; check the user's rights"],
  [18, "it does not accept the user or the password of mongodb.uri"],
  [8000, "it does not accept the user or the password of mongodb.uri"],
  [14031, "its disk is full; free some space"],
]);

/**
 * An AppError is left as it is; whatever the server or the way to it is to blame for becomes `unavailable` and names the
 * setting; anything else is our own fault.
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

/** A connection that breaks while something is written to it is not always told in the driver's own words. */
const isBroken = (error: unknown): boolean =>
  error instanceof Error &&
  "code" in error &&
  /^(ECONNRESET|EPIPE|ETIMEDOUT|ECONNREFUSED|EHOSTUNREACH)$/.test(String(error.code));

/** A store's function: what it rejects with has words for what the server is to blame for. */
export const verb =
  <Args extends readonly unknown[], T>(work: (...args: Args) => Promise<T>) =>
  async (...args: Args): Promise<T> => {
    try {
      return await work(...args);
    } catch (error) {
      throw mongoError(error);
    }
  };
