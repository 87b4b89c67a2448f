import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import type { Verdict } from "@load-manager/contract/model/criterion.ts";
import { niceTop } from "../../format/nice-scale.ts";

/** How a run came out. */
export type Outcome = "finished" | "stopped" | "could not run" | "under way";

const OUTCOMES: Readonly<Record<RunAnswer["status"], Outcome>> = {
  Pending: "under way",
  Starting: "under way",
  Running: "under way",
  Stopping: "under way",
  Finished: "finished",
  Stopped: "stopped",
  Failed: "could not run",
};

export const outcomeOf = ({ status }: Pick<RunAnswer, "status">): Outcome => OUTCOMES[status];

/** What the mark of a run shows by its shape: its verdict, and of a run without one how it ended. */
export type Mark = Outcome | Exclude<Verdict, "none">;
export const markOf = (run: Pick<RunAnswer, "status" | "verdict">): Mark =>
  run.verdict === "none" ? outcomeOf(run) : run.verdict;

/** A value on a scale from 0 to `top`; `share` is its height, at most 1. */
export type Placed = { readonly value: number; readonly share: number; readonly isBeyond: boolean };
export type Track = {
  readonly top: number;
  /** One for each run; null where the run has no such figure. */
  readonly values: readonly (Placed | null)[];
};

/** A value so many times the median would make the others a flat line: it is named at the top instead. */
const OUTLIER = 2.5;
const FEW = 3;

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0;

export const trackOf = (values: readonly (number | null)[]): Track => {
  const known = values.filter((value) => value !== null);
  const limit = known.length < FEW ? Infinity : median(known) * OUTLIER;
  const usual = known.filter((value) => value <= limit);
  const top = niceTop(Math.max(0, ...usual));
  return {
    top,
    values: values.map((value) =>
      value === null
        ? null
        : { value, share: Math.min(1, value / top), isBeyond: value > limit && value > top },
    ),
  };
};

/** The pieces of a line: runs after each other that have a value on the scale; what lies between is left open. */
export const piecesOf = ({ values }: Track): readonly (readonly number[])[] => {
  const pieces: number[][] = [];
  let isOpen = false;
  values.forEach((placed, index) => {
    const isOn = placed !== null && !placed.isBeyond;
    if (isOn && isOpen) pieces.at(-1)?.push(index);
    else if (isOn) pieces.push([index]);
    isOpen = isOn;
  });
  return pieces;
};
