import { AppError } from "../../lib/errors.ts";

/** The mark of a store that holds a part of something only. */
export type Unfinished = {
  readonly what: "copy" | "restore";
  /** The whole that it is a part of, in words. */
  readonly source: string;
  /** How to go on. */
  readonly command: string;
};

const unfinishedOf = (mark: string): Unfinished => {
  try {
    const { what, source, command } = JSON.parse(mark) as Unfinished;
    return { what, source, command };
  } catch {
    return { what: "copy", source: "something", command: "load-manager store copy" };
  }
};

/** The error for a server that is started on such a store. */
export const unfinishedError = (where: string, mark: string): AppError => {
  const { what, source, command } = unfinishedOf(mark);
  return new AppError(
    "unavailable",
    `${where} holds a part of a ${what} of ${source} that was broken off or is under way. Finish it with: ${command}`,
    { extra: { unfinished: what } },
  );
};
