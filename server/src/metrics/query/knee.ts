import type { KneeAnswer } from "@load-manager/contract/api/knee.ts";
import type { z } from "zod";

/** Users and requests per second of a stretch of the run. */
export type KneePoint = {
  readonly users: number;
  readonly requestsPerSec: number;
  readonly p95ResponseMs: number | null;
};

export type Knee = NonNullable<z.output<typeof KneeAnswer>["knee"]>;

/** Fewer say nothing about a bend. */
const MIN_POINTS = 8;
const MIN_LEVELS = 5;
/** Beyond the knee a further user adds less than this share of what one added before it. */
const FLAT_SHARE = 0.25;
/** The knee must be seen from the other side: so many points with so many more users. */
const MIN_BEYOND = 3;
const MIN_BEYOND_SHARE = 1.1;

type Fit = {
  readonly at: number;
  readonly before: number;
  readonly after: number;
  readonly base: number;
  readonly rss: number;
};

/** The solution of a system of three linear equations, by Cramer's rule; `undefined` where it has none of its own. */
const solve = (m: readonly number[][], r: readonly number[]): number[] | undefined => {
  const determinant = (rows: readonly (readonly number[])[]): number => {
    const [[a = 0, b = 0, c = 0] = [], [d = 0, e = 0, f = 0] = [], [g = 0, h = 0, i = 0] = []] =
      rows;
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  };
  const whole = determinant(m);
  const scale = Math.abs(m.reduce((product, row, index) => product * (row[index] ?? 0), 1));
  if (Math.abs(whole) <= scale * 1e-12) return undefined;
  return [0, 1, 2].map(
    (column) =>
      determinant(
        m.map((row, index) => row.map((x, at) => (at === column ? (r[index] ?? 0) : x))),
      ) / whole,
  );
};

/**
 * Least squares of requests/s = base + before · min(users, at) + after · max(users − at, 0): two straight lines that meet
 * at `at` users.
 */
const fitAt = (points: readonly KneePoint[], at: number): Fit | undefined => {
  const rows = points.map(({ users }) => [1, Math.min(users, at), Math.max(users - at, 0)]);
  const normal = [0, 1, 2].map((i) =>
    [0, 1, 2].map((j) => rows.reduce((sum, row) => sum + (row[i] ?? 0) * (row[j] ?? 0), 0)),
  );
  const right = [0, 1, 2].map((i) =>
    rows.reduce((sum, row, index) => sum + (row[i] ?? 0) * (points[index]?.requestsPerSec ?? 0), 0),
  );
  const [base, before, after] = solve(normal, right) ?? [];
  if (base === undefined || before === undefined || after === undefined) return undefined;
  const rss = points.reduce((sum, { users, requestsPerSec }) => {
    const fitted = base + before * Math.min(users, at) + after * Math.max(users - at, 0);
    return sum + (requestsPerSec - fitted) ** 2;
  }, 0);
  return { at, before, after, base, rss };
};

/** The residual sum of squares of one straight line. */
const lineRss = (points: readonly KneePoint[]): number => {
  const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
  const users = mean(points.map((point) => point.users));
  const rate = mean(points.map((point) => point.requestsPerSec));
  let [xx, xy, yy] = [0, 0, 0];
  for (const point of points) {
    const [x, y] = [point.users - users, point.requestsPerSec - rate];
    xx += x * x;
    xy += x * y;
    yy += y * y;
  }
  return xx === 0 ? yy : Math.max(0, yy - (xy * xy) / xx);
};

const median = (values: readonly number[]): number | null => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? null;
};

/** As many numbers of users as are tried as a bend. */
const MAX_CANDIDATES = 100;

const thinned = (levels: readonly number[]): readonly number[] => {
  const step = Math.ceil(levels.length / MAX_CANDIDATES);
  return levels.filter((_, index) => index % step === 0);
};

/** The 95 % quantile of F(1, df), within 3 % from 4 degrees of freedom on. */
const f1 = (df: number): number => 3.84 * (1 + 2.6 / df + 5 / df ** 2);
/** The 99 % quantile of F(2, df), which has a closed form. */
const f2 = (df: number): number => (df / 2) * (0.01 ** (-2 / df) - 1);

/**
 * Where requests per second stop rising with users: the bend of two straight lines that fit the points best (broken-stick
 * regression), where the second one rises less than a quarter as steeply as the first, and two lines fit better than one
 * (F test at 1 %). `usersFrom` and `usersTo`: the bends that fit nearly as well (F at 95 %). `null`: no knee. `undefined`:
 * too few points, or numbers of users, to tell.
 */
export const kneeOf = (points: readonly KneePoint[]): Knee | null | undefined => {
  const levels = [...new Set(points.map(({ users }) => Math.round(users)))].toSorted(
    (a, b) => a - b,
  );
  if (points.length < MIN_POINTS || levels.length < MIN_LEVELS) return undefined;
  const tried = thinned(levels);
  const candidates = tried.slice(1, -1).flatMap((level, index) => {
    const next = tried[index + 2] ?? level;
    return [level, (level + next) / 2];
  });
  const fits = candidates.flatMap((at) => fitAt(points, at) ?? []);
  const [first, ...more] = fits;
  if (first === undefined) return null;
  const best = more.reduce((least, fit) => (fit.rss < least.rss ? fit : least), first);
  const df = points.length - 4;
  // Points without any noise leave no residual to compare with.
  const total = points.reduce((sum, { requestsPerSec }) => sum + requestsPerSec ** 2, 0);
  const noise = Math.max(best.rss, total * 1e-9) / df;
  const isBent = (lineRss(points) - best.rss) / 2 / noise > f2(df);
  const isFlat = best.before > 0 && best.after < FLAT_SHARE * best.before;
  const beyond = points.filter(({ users }) => users >= best.at * MIN_BEYOND_SHARE);
  if (!isBent || !isFlat || beyond.length < MIN_BEYOND) return null;
  const likely = fits.filter(({ rss }) => (rss - best.rss) / noise <= f1(df)).map(({ at }) => at);
  const nearest = points
    .filter(({ p95ResponseMs }) => p95ResponseMs !== null)
    .toSorted((a, b) => Math.abs(a.users - best.at) - Math.abs(b.users - best.at))
    .slice(0, 3);
  return {
    users: best.at,
    usersFrom: Math.min(...likely),
    usersTo: Math.max(...likely),
    requestsPerSec: best.base + best.before * best.at,
    p95ResponseMs: median(nearest.flatMap((point) => point.p95ResponseMs ?? [])),
  };
};
