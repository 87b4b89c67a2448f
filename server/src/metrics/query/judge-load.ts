import type { Finding, Trust } from "@load-manager/contract/api/findings.ts";
import { spellsOf, type Stretch, timesOf } from "./spells.ts";

/** Users at the end of a stretch of the load time. Null: unknown. */
export type UsersPoint = Stretch & {
  readonly users: number | null;
  readonly targetUsers: number | null;
};

type KnownPoint = Stretch & { readonly users: number; readonly targetUsers: number };

/** What a target may take to be reached besides its ramp: users start, and workers report, some seconds late. */
const SLACK_MS = 10_000;

/** How fast a run was to reach its targets. */
export type Expected =
  /** `spawnRateAt`: users per second at a time, in Unix ms. */
  | { readonly kind: "rate"; readonly spawnRateAt: (ms: number) => number }
  /** `usersAt`: the users that were planned for a time, in Unix ms. */
  | { readonly kind: "plan"; readonly usersAt: (ms: number) => number }
  /** A LoadTestShape: how fast it starts users is not known. */
  | { readonly kind: "unknown" };

const isKnown = (point: UsersPoint): point is KnownPoint =>
  point.users !== null && point.targetUsers !== null;

/** Points with too few users, with the time before which none of them were missing yet. */
type Below = Map<KnownPoint, number>;

/** The points with fewer users than were planned at any time of the ten seconds before their end. */
const pointsBelowPlan = (points: readonly KnownPoint[], usersAt: (ms: number) => number): Below => {
  const planned = ({ toMs }: KnownPoint): number => {
    const times = Array.from({ length: SLACK_MS / 1000 + 1 }, (_, index) => toMs - index * 1000);
    return Math.min(...times.map(usersAt));
  };
  const below = points.filter((point) => point.users < planned(point));
  return new Map(below.map((point) => [point, point.fromMs]));
};

/** The points whose target must have been reached by their end, by the spawn rate, and was not. */
const pointsBelow = (points: readonly KnownPoint[], spawnRateAt: (ms: number) => number): Below => {
  const below: Below = new Map();
  let before = 0;
  let dueMs = 0;
  for (const point of points) {
    const { fromMs, toMs, users, targetUsers } = point;
    if (targetUsers !== before) {
      // The target was commanded within the point: its end is the latest moment.
      const rampMs = (Math.abs(targetUsers - before) / spawnRateAt(fromMs)) * 1000;
      dueMs = (before === 0 ? fromMs : toMs) + rampMs + SLACK_MS;
    }
    before = targetUsers;
    if (users < targetUsers && toMs > dueMs) below.set(point, dueMs);
  }
  return below;
};

const isBelowTarget = ({ users, targetUsers }: KnownPoint): boolean => users < targetUsers;

/** So many points are looked at second by second: a load that is steady has one, when it was reached. */
const MOST_TURNS = 4;

/** The points in which the target is reached or lost: when that was only their seconds tell. */
export const turningPoints = (points: readonly UsersPoint[]): UsersPoint[] => {
  const known = points.filter(isKnown);
  return known
    .filter((point, index) => {
      const before = known[index - 1];
      return isBelowTarget(point) !== (before === undefined || isBelowTarget(before));
    })
    .slice(0, MOST_TURNS);
};

/** The seconds of a point; none where one of them is unknown. */
type SecondsOf = (point: Stretch) => readonly UsersPoint[];

const knownSeconds = (point: Stretch, secondsOf: SecondsOf): readonly KnownPoint[] => {
  const seconds = secondsOf(point);
  return seconds.every(isKnown) ? seconds : [];
};

/** When the target of the point's end was reached in it. */
const reachedAt = (point: KnownPoint, secondsOf: SecondsOf): number => {
  const isReached = (second: KnownPoint): boolean =>
    second.targetUsers === point.targetUsers && !isBelowTarget(second);
  return knownSeconds(point, secondsOf).find(isReached)?.toMs ?? point.toMs;
};

/** Since when users were missing at the end of the point, and no sooner than they were due. */
const missingSince = (point: Stretch, dueMs: number, secondsOf: SecondsOf): number => {
  const last = knownSeconds(point, secondsOf).findLast((second) => !isBelowTarget(second));
  return Math.max(point.fromMs, last?.toMs ?? 0, Math.min(dueMs, point.toMs));
};

/**
 * Whether a run had the users that were commanded. `points` ascend and lie in the load time; `secondsOf` knows those of the
 * points at which that changes.
 */
export const judgeLoad = (
  points: readonly UsersPoint[],
  expected: Expected,
  hasEnded: boolean,
  secondsOf: SecondsOf = () => [],
): { readonly trust: Trust["load"]; readonly findings: Finding[] } => {
  const known = points.filter(isKnown);
  const newest = known.at(-1);
  if (newest === undefined) {
    const trust = { state: "unknown" as const, users: null, targetUsers: null, reachedAt: null };
    return { trust, findings: [] };
  }
  const below =
    expected.kind === "rate"
      ? pointsBelow(known, expected.spawnRateAt)
      : expected.kind === "plan"
        ? pointsBelowPlan(known, expected.usersAt)
        : (new Map() as Below);
  const { users, targetUsers } = newest;
  const lastOther = known.findLastIndex((point) => point.targetUsers !== targetUsers);
  const ofTarget = known.slice(lastOther + 1);
  const reached = ofTarget.find((point) => point.users >= targetUsers);
  // A load that ends on its way to the target never had it, however little time there was. A plan or a shape may end so.
  if (hasEnded && reached === undefined && expected.kind === "rate")
    for (const point of ofTarget) below.set(point, below.get(point) ?? point.fromMs);
  const findings = spellsOf(known, (point) => below.has(point)).map((spell) => {
    const [worst = newest] = spell.points.toSorted(
      (a, b) => a.users - a.targetUsers - (b.users - b.targetUsers),
    );
    const [first = newest] = spell.points;
    const fromMs = missingSince(first, below.get(first) ?? first.fromMs, secondsOf);
    return {
      code: "users_below_target" as const,
      ...timesOf({ ...spell, fromMs }, newest, hasEnded),
      data: { users: worst.users, targetUsers: worst.targetUsers },
    };
  });
  const shown = targetUsers === 0 ? peakOf(known) : { users, targetUsers, reached };
  const isFine = findings.length === 0 && shown.reached !== undefined;
  const state = isFine ? "fine" : findings.length > 0 ? "flawed" : "unknown";
  const { reached: at, ...figures } = shown;
  const reachedMs = at === undefined ? null : reachedAt(at, secondsOf);
  return { trust: { state, ...figures, reachedAt: reachedMs }, findings };
};

/**
 * The highest target that was reached, else the highest: that a plan ends without users, or pauses, says nothing of the load that it
 * made.
 */
const peakOf = (points: readonly KnownPoint[]) => {
  const reachedOnes = points.filter((point) => point.users >= point.targetUsers);
  const candidates = reachedOnes.some((point) => point.targetUsers > 0) ? reachedOnes : points;
  const targetUsers = Math.max(...candidates.map((point) => point.targetUsers));
  const ofTarget = points.filter((point) => point.targetUsers === targetUsers);
  return {
    users: Math.max(...ofTarget.map((point) => point.users)),
    targetUsers,
    reached: ofTarget.find((point) => point.users >= targetUsers),
  };
};
