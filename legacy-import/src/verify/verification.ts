import type { Ids } from "@load-manager/server/lib/ids.ts";
import type { Db } from "mongodb";
import type { Context } from "../transform/entity.ts";

/** Where the older and today's documents of a target are. */
export type Place = {
  readonly target: string;
  readonly older: readonly string[];
  readonly today: string;
};
export type VerifyDeps = {
  readonly db: Db;
  readonly context: Context;
  readonly ids: Ids;
  readonly onProgress: (collection: string, done: number) => void;
};
export type Verification = {
  readonly collection: string;
  /** Numbers of documents: the older ones, how many of these were left, and today's ones that were read. */
  readonly older: number;
  readonly left: number;
  readonly checked: number;
  /** The first hundred faults; `faultCount` counts all of them. */
  readonly faults: readonly string[];
  readonly faultCount: number;
};

/** Collects the faults of one collection. */
export const collectFaults = (collection: string) => {
  const faults: string[] = [];
  let faultCount = 0;
  return {
    add: (fault: string): void => {
      faultCount += 1;
      if (faults.length < 100) faults.push(fault);
    },
    result: (counts: Pick<Verification, "older" | "left" | "checked">): Verification => ({
      collection,
      ...counts,
      faults,
      faultCount,
    }),
  };
};
export type Faults = ReturnType<typeof collectFaults>;
