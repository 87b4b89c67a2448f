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

const isKnown = (point: UsersPoint): point is KnownPoint =>
  point.users !== null && point.targetUsers !== null;

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
  spawnRateAt: (ms: number) => number,
  hasEnded: boolean,
): { readonly trust: Trust["load"]; readonly findings: Finding[] } => {
  const known = points.filter(isKnown);
  const newest = known.at(-1);
  if (newest === undefined) {
    const trust = { state: "unknown" as const, users: null, targetUsers: null, reachedAt: null };
    return { trust, findings: [] };
  }
  const below = pointsBelow(known, spawnRateAt);
  const { users, targetUsers } = newest;
  const lastOther = known.findLastIndex((point) => point.targetUsers !== targetUsers);
  const ofTarget = known.slice(lastOther + 1);
  const reached = ofTarget.find((point) => point.users >= targetUsers);
  // A load that ends on its way to the target never had it, however little time there was.
  if (hasEnded && reached === undefined) for (const point of ofTarget) below.add(point);
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
