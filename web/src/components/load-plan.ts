import {
  durationOfStages,
  plannedUsersAt,
  type Stage,
} from "@load-manager/contract/model/load-profile.ts";
import { count, counted } from "../format/numbers.ts";
import { duration } from "../format/times.ts";
import type { Ramp } from "./ramp.ts";

type Point = readonly [seconds: number, users: number];

/** How the users of a run will rise and fall, as a picture and in words. */
export type LoadPlan = {
  readonly points: readonly Point[];
  /** What the picture names, one after the other. */
  readonly parts: readonly {
    readonly from: number;
    readonly to: number;
    readonly words: string;
  }[];
  /** The most users at the same time. */
  readonly most: number;
  /** Whether nobody has planned an end. */
  readonly isOpen: boolean;
  readonly sentence: string;
};

const sentenceOf = (ramp: Ramp, asked: number): string => {
  const users = ramp.reached === 1 ? "user" : "users";
  const rise = `${count(ramp.reached)} ${users} after ${duration(ramp.rampSeconds * 1000)}`;
  if (ramp.steadySeconds === undefined) return `${rise}, then until the run is stopped.`;
  if (ramp.steadySeconds === 0)
    return `Only ${rise}: ${count(asked)} are not reached before the end.`;
  return `${rise}, then steady for ${duration(ramp.steadySeconds * 1000)}.`;
};

/** The plan of constant load. `asked`: the users that are asked for, which a short run may not reach. */
export const planOfRamp = (ramp: Ramp | undefined, asked: number): LoadPlan | undefined => {
  if (ramp === undefined) return undefined;
  const { points, rampSeconds, steadySeconds, reached } = ramp;
  const isOpen = steadySeconds === undefined;
  const end = points.at(-1)?.[0] ?? rampSeconds;
  const steady = isOpen ? "until stopped" : `steady ${duration(steadySeconds * 1000)}`;
  return {
    points,
    parts: [
      { from: 0, to: rampSeconds, words: `ramp-up ${duration(rampSeconds * 1000)}` },
      ...(steadySeconds === 0 ? [] : [{ from: rampSeconds, to: end, words: steady }]),
    ],
    most: reached,
    isOpen,
    sentence: sentenceOf(ramp, asked),
  };
};

/** So many points draw a stage. */
const POINTS = 24;
/** What comes at the end of a stage belongs to the next one. */
const JUST_BEFORE = 1e-6;

const partsOf = (stages: readonly Stage[]) => {
  let from = 0;
  return stages.map(({ durationSeconds, users }) => {
    const part = { from, to: from + durationSeconds, users };
    from = part.to;
    return part;
  });
};

/** The plan of stages, drawn from the curve that the server and the plugin go by. */
export const planOfStages = (stages: readonly Stage[]): LoadPlan => {
  const parts = partsOf(stages);
  const points = parts.flatMap(({ from, to }) =>
    Array.from({ length: POINTS + 1 }, (_, index): Point => {
      const at = from + ((to - from) * index) / POINTS;
      return [at, plannedUsersAt(stages, index === POINTS ? to - JUST_BEFORE : at)];
    }),
  );
  const most = Math.max(0, ...points.map(([, users]) => users));
  const short = parts.flatMap(({ to, users }, index) => {
    const reached = plannedUsersAt(stages, to - JUST_BEFORE);
    return reached === users
      ? []
      : [` Stage ${index + 1} ends at ${count(reached)} of ${counted(users, "user")}.`];
  });
  const total = duration(durationOfStages(stages) * 1000);
  return {
    points,
    parts: parts.map(({ from, to, users }) => ({ from, to, words: counted(users, "user") })),
    most,
    isOpen: false,
    sentence: `${counted(stages.length, "stage")} in ${total}, up to ${counted(most, "user")}.${short.join("")}`,
  };
};
