import { AppError } from "../../lib/errors.ts";

/** What stands in the mark of a store that holds a part only. */
export type Unfinished = {
  readonly what: "copy" | "restore";
  /** What it is a part of, as a person would name it. */
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

/** Of a store that no server may be started on. */
export const unfinishedError = (where: string, mark: string): AppError => {
  const { what, source, command } = unfinishedOf(mark);
  return new AppError(
    "unavailable",
    `${where} holds a part of a ${what} of ${source} that was broken off or is under way. Finish it with: ${command}`,
    { extra: { unfinished: what } },
  );
};
