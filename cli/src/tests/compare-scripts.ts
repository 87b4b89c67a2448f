import { isUtf8 } from "node:buffer";
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from "diff";

type Files = ReadonlyMap<string, Buffer>;

/** A file that is not the same on both sides. */
export type Difference = {
  readonly path: string;
  readonly kind: "added" | "changed" | "removed";
  /** The changed lines, as diff -u has them; absent for a file that is not text. */
  readonly patch: string | undefined;
};

const isText = (bytes: Buffer): boolean => isUtf8(bytes) && !bytes.includes(0);

const patchOf = (path: string, before: Buffer | undefined, after: Buffer | undefined) => {
  if (![before, after].every((bytes) => bytes === undefined || isText(bytes))) return undefined;
  return createTwoFilesPatch(
    before === undefined ? "/dev/null" : `a/${path}`,
    after === undefined ? "/dev/null" : `b/${path}`,
    before?.toString() ?? "",
    after?.toString() ?? "",
    undefined,
    undefined,
    { headerOptions: FILE_HEADERS_ONLY },
  );
};

/** What would change from one script to another, by path. */
export const differencesOf = (before: Files, after: Files): Difference[] =>
  [...new Set([...before.keys(), ...after.keys()])].toSorted().flatMap((path) => {
    const [old, now] = [before.get(path), after.get(path)];
    if (old !== undefined && now !== undefined && old.equals(now)) return [];
    const kind = old === undefined ? "added" : now === undefined ? "removed" : "changed";
    return [{ path, kind, patch: patchOf(path, old, now) }];
  });
