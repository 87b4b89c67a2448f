/** A stretch of time in Unix ms; `toMs` is not included. */
export type Stretch = { readonly fromMs: number; readonly toMs: number };

/** Points in a row that show the same. */
export type Spell<Point> = Stretch & { readonly points: readonly Point[] };

/** Spells less than this apart are one: what comes and goes within a minute is one trouble. */
const APART_MS = 60_000;

/** The spells of the points that are meant; `points` ascend. */
export const spellsOf = <Point extends Stretch>(
  points: readonly Point[],
  isMeant: (point: Point) => boolean,
): Spell<Point>[] => {
  const spells: Spell<Point>[] = [];
  for (const point of points.filter(isMeant)) {
    const last = spells.at(-1);
    if (last === undefined || point.fromMs - last.toMs >= APART_MS) {
      spells.push({ fromMs: point.fromMs, toMs: point.toMs, points: [point] });
    } else {
      const spell = { ...last, toMs: point.toMs, points: [...last.points, point] };
      spells[spells.length - 1] = spell;
    }
  }
  return spells;
};

/** `since` and `until` of a spell. It lasts where it reaches the newest point of a load that has not ended. */
export const timesOf = (
  { fromMs, toMs }: Stretch,
  newest: Stretch | undefined,
  hasEnded: boolean,
): { readonly since: number; readonly until?: number } =>
  !hasEnded && newest !== undefined && toMs >= newest.toMs
    ? { since: fromMs }
    : { since: fromMs, until: toMs };
