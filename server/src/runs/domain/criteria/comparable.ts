import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { optionValuesOf } from "@load-manager/contract/model/script-options.ts";

type Setting = {
  /** `undefined` where it is unknown, or the run has no such thing: then other settings differ, or nobody knows. */
  readonly of: (run: LoadTestRun) => unknown;
  /** How a run differs, after "with" or "without". */
  readonly words: (other: LoadTestRun, run: LoadTestRun) => string;
};

const counted = (count: string | number, one: string): string =>
  `${count} ${one}${count === 1 ? "" : "s"}`;

const instead = (
  of: (run: LoadTestRun) => string | number | undefined,
  words: (value: string | number) => string,
  short: (value: string | number) => string = words,
): Setting => ({
  of,
  words: (other, run) => `with ${words(of(other) ?? "")} instead of ${short(of(run) ?? "")}`,
});

const another = (name: string, of: Setting["of"]): Setting => ({
  of,
  words: () => `with another ${name}`,
});

/** An empty list asks for nothing, as none does; its order means nothing. */
const unordered = (list: readonly unknown[] = []): string[] =>
  list.map((item) => JSON.stringify(item)).toSorted();

type Values = Readonly<Record<string, unknown>>;

/** The first name whose value differs. */
const namedValue = (name: string, of: (run: LoadTestRun) => Values): Setting => ({
  of: (run) => Object.entries(of(run)).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  words: (other, run) => {
    const [theirs, own] = [of(other), of(run)];
    const names = [...Object.keys(own), ...Object.keys(theirs)];
    const differing = names.find((one) => !isSame(theirs[one], own[one]));
    return `with another ${name} ${differing ?? ""}`.trimEnd();
  },
});

const isSame = (one: unknown, other: unknown): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

/**
 * The settings that change what is measured. Others change when a run ends or how it is judged (auto-stop, criteria, the
 * longest duration, the stop timeout), or what it is called.
 */
const SETTINGS: readonly Setting[] = [
  another("script", ({ scriptSha256 = "" }) => scriptSha256),
  instead(
    ({ targetUrl }) => targetUrl,
    (url) => `the target ${url}`,
    String,
  ),
  another("load profile", ({ loadProfile }) => loadProfile),
  instead(
    ({ targetUsers }) => targetUsers,
    (users) => counted(users, "user"),
    String,
  ),
  instead(
    ({ spawnRate }) => spawnRate,
    (rate) => `${rate} users/s spawned`,
    String,
  ),
  instead(
    ({ durationSeconds }) =>
      durationSeconds === undefined ? "no duration" : `${durationSeconds} s`,
    String,
  ),
  {
    of: ({ commandedLoad }) => commandedLoad !== undefined,
    words: ({ commandedLoad }) =>
      `with users that were ${commandedLoad === undefined ? "not " : ""}changed meanwhile`,
  },
  { of: ({ userClasses }) => unordered(userClasses), words: () => "with other user classes" },
  {
    of: ({ includeTags, excludeTags }) => [unordered(includeTags), unordered(excludeTags)],
    words: () => "with other tags of tasks",
  },
  { of: ({ endpointGroups = [] }) => endpointGroups, words: () => "with other endpoint groups" },
  namedValue("value of the option", ({ scriptOptions = {} }) => optionValuesOf(scriptOptions)),
  namedValue("value of the environment variable", ({ environment = {} }) => environment),
  instead(
    ({ locustClusterId }) => locustClusterId,
    (id) => `the cluster ${id}`,
    String,
  ),
  instead(
    ({ workers, engine }) => workers ?? engine?.workers,
    (workers) => counted(workers, "worker"),
    String,
  ),
  instead(
    ({ engine }) => engine?.locustVersion,
    (version) => `Locust ${version}`,
    String,
  ),
  {
    of: ({ engine }) => engine && engine.pluginVersion !== undefined,
    words: ({ engine }) => `${engine?.pluginVersion === undefined ? "without" : "with"} the plugin`,
  },
];

const differs = ({ of }: Setting, other: LoadTestRun, run: LoadTestRun): boolean => {
  const [theirs, own] = [of(other), of(run)];
  return theirs !== undefined && own !== undefined && !isSame(theirs, own);
};

/** How another run's settings differ from a run's, in words; empty where both measure the same. */
export const differencesOf = (other: LoadTestRun, run: LoadTestRun): string[] =>
  SETTINGS.filter((setting) => differs(setting, other, run)).map(({ words }) => words(other, run));

/** What is known of a run as a whole. */
export type Soundness = {
  readonly couldNotRun: boolean;
  readonly isCutShort: boolean;
  readonly isComplete: boolean;
  readonly isSaturated: boolean;
  readonly isLoadNotReached: boolean;
};

/** Why nothing can be compared with a run, whatever its settings; `undefined` where it can. Whether it passed is not asked. */
export const unsoundness = (of: Soundness): string | undefined => {
  if (of.couldNotRun) return "that could not run";
  if (of.isCutShort) return "cut short";
  if (!of.isComplete) return "with metrics missing";
  if (of.isSaturated) return "with a saturated generator";
  return of.isLoadNotReached ? "with fewer users than commanded" : undefined;
};

/** "3 with 50 users instead of 100, 1 cut short": the commonest first, four of them at most. */
export const countedFaults = (faults: readonly string[]): string => {
  const counts = [...Map.groupBy(faults, (fault) => fault)]
    .map(([fault, { length }]) => ({ fault, length }))
    .toSorted((a, b) => b.length - a.length);
  const others = counts.slice(4).reduce((sum, { length }) => sum + length, 0);
  const told = counts.slice(0, 4).map(({ fault, length }) => `${length} ${fault}`);
  return [...told, ...(others === 0 ? [] : [`${others} otherwise`])].join(", ");
};
