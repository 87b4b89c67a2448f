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
  readonly onProgress: (collection: string, done: number) => void;
};
export type Verdict = {
  readonly collection: string;
  /** Numbers of documents: the older ones, how many of these were left, and today's ones that were checked. */
  readonly older: number;
  readonly left: number;
  readonly checked: number;
  /** The first hundred faults; `wrong` counts all of them. */
  readonly problems: readonly string[];
  readonly wrong: number;
};

export const createFindings = (collection: string) => {
  const problems: string[] = [];
  let wrong = 0;
  return {
    add: (problem: string): void => {
      wrong += 1;
      if (problems.length < 100) problems.push(problem);
    },
    verdict: (counts: Pick<Verdict, "older" | "left" | "checked">): Verdict => ({
      collection,
      ...counts,
      problems,
      wrong,
    }),
  };
};
