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

/** The points with fewer users than were planned at any time of the ten seconds before their end. */
const pointsBelowPlan = (
  points: readonly KnownPoint[],
  usersAt: (ms: number) => number,
): Set<KnownPoint> => {
  const planned = ({ toMs }: KnownPoint): number => {
    const times = Array.from({ length: SLACK_MS / 1000 + 1 }, (_, index) => toMs - index * 1000);
    return Math.min(...times.map(usersAt));
  };
  return new Set(points.filter((point) => point.users < planned(point)));
};

/** The points whose target must have been reached by their end, by the spawn rate, and was not. */
const pointsBelow = (
  points: readonly KnownPoint[],
  spawnRateAt: (ms: number) => number,
): Set<KnownPoint> => {
  const below = new Set<KnownPoint>();
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
    if (users < targetUsers && toMs > dueMs) below.add(point);
  }
  return below;
};

/** Whether a run had the users that were commanded. `points` ascend and lie in the load time. */
export const judgeLoad = (
  points: readonly UsersPoint[],
  expected: Expected,
  hasEnded: boolean,
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
        : new Set<KnownPoint>();
  const { users, targetUsers } = newest;
  const lastOther = known.findLastIndex((point) => point.targetUsers !== targetUsers);
  const ofTarget = known.slice(lastOther + 1);
  const reached = ofTarget.find((point) => point.users >= targetUsers);
  // A load that ends on its way to the target never had it, however little time there was. A plan or a shape may end so.
  if (hasEnded && reached === undefined && expected.kind === "rate")
    for (const point of ofTarget) below.add(point);
  const findings = spellsOf(known, (point) => below.has(point)).map((spell) => {
    const [worst = newest] = spell.points.toSorted(
      (a, b) => a.users - a.targetUsers - (b.users - b.targetUsers),
    );
    return {
      code: "users_below_target" as const,
      ...timesOf(spell, newest, hasEnded),
      data: { users: worst.users, targetUsers: worst.targetUsers },
    };
  });
  const isFine = findings.length === 0 && reached !== undefined;
  const state = isFine ? "fine" : findings.length > 0 ? "flawed" : "unknown";
  return { trust: { state, users, targetUsers, reachedAt: reached?.toMs ?? null }, findings };
};
