import type { Finding, Trust } from "@load-manager/contract/api/findings.ts";
import type { RunSummary } from "@load-manager/contract/model/stats.ts";
import type { processOfCell } from "../codec/rollup-table.ts";
import { type Spell, spellsOf, type Stretch, timesOf } from "./spells.ts";

type Process = Pick<
  ReturnType<typeof processOfCell>,
  "id" | "state" | "cpuPercent" | "clockOffsetMs"
>;

/** The processes of Locust in a stretch of the load time that has metrics. */
export type ProcessesPoint = Stretch & { readonly processes: readonly Process[] };

export const MASTER = "master";
/** Of one core; the plugin warns from the same value on. */
const SATURATED_PERCENT = 90;
const CLOCK_OFFSET_MS = 1000;

const isSaturated = ({ cpuPercent }: Process): boolean => cpuPercent >= SATURATED_PERCENT;
const isOff = ({ clockOffsetMs }: Process): boolean =>
  Math.abs(clockOffsetMs ?? 0) >= CLOCK_OFFSET_MS;

/** The process of some points with the largest value. */
const mostOf = (
  points: readonly ProcessesPoint[],
  valueOf: (process: Process) => number | null,
): { readonly id: string; readonly process: Process } | undefined => {
  const known = points
    .flatMap(({ processes }) => processes)
    .filter((process) => valueOf(process) !== null);
  const [first] = known;
  if (first === undefined) return undefined;
  const process = known.reduce((most, one) =>
    (valueOf(one) ?? 0) > (valueOf(most) ?? 0) ? one : most,
  );
  return { id: process.id, process };
};

const offsetOf = ({ clockOffsetMs }: Process): number | null =>
  clockOffsetMs === null ? null : Math.abs(clockOffsetMs);

const busiest = ({ points }: Spell<ProcessesPoint>) => {
  const highest = new Map<string, number>();
  for (const { id, cpuPercent } of points.flatMap(({ processes }) => processes.filter(isSaturated)))
    highest.set(id, Math.max(cpuPercent, highest.get(id) ?? 0));
  return [...highest]
    .map(([id, cpuPercent]) => ({ id, cpuPercent }))
    .toSorted((a, b) => b.cpuPercent - a.cpuPercent);
};

/** The workers that were there before, and are gone or missing in each point. */
const goneWorkers = (points: readonly ProcessesPoint[]): ReadonlyMap<ProcessesPoint, string[]> => {
  const seen = new Set<string>();
  const gone = new Map<ProcessesPoint, string[]>();
  for (const point of points) {
    const workers = point.processes.filter(({ id }) => id !== MASTER);
    const here = new Set(workers.filter(({ state }) => state !== "missing").map(({ id }) => id));
    for (const id of here) seen.add(id);
    const missing = [...seen].filter((id) => !here.has(id));
    if (missing.length > 0) gone.set(point, missing);
  }
  return gone;
};

const lostFindings = (
  points: readonly ProcessesPoint[],
  workers: RunSummary["workers"],
  load: Stretch,
  hasEnded: boolean,
): Finding[] => {
  const gone = goneWorkers(points);
  const spells = spellsOf(points, (point) => gone.has(point));
  const lost = workers.lost ?? 0;
  if (spells.length === 0 && lost > 0) {
    // So short that no point shows it, or known without points.
    const times = { since: load.fromMs, until: load.toMs };
    return [{ code: "workers_lost", ...times, data: { workers: [], lost } }];
  }
  return spells.map((spell) => {
    const ids = [...new Set(spell.points.flatMap((point) => gone.get(point) ?? []))];
    const times = timesOf(spell, points.at(-1), hasEnded);
    return { code: "workers_lost", ...times, data: { workers: ids, lost: ids.length } };
  });
};

/** Whether the processes that made the load had CPU to spare, stayed, and agreed on the time. `points` ascend. */
export const judgeProcesses = (
  points: readonly ProcessesPoint[],
  input: {
    readonly workers: RunSummary["workers"];
    readonly load: Stretch;
    readonly hasEnded: boolean;
  },
): { readonly trust: Pick<Trust, "generators" | "clocks">; readonly findings: Finding[] } => {
  const { workers, load, hasEnded } = input;
  const newest = points.at(-1);
  const saturated = spellsOf(points, ({ processes }) => processes.some(isSaturated)).map(
    (spell): Finding => ({
      code: "generator_saturated",
      ...timesOf(spell, newest, hasEnded),
      data: { processes: busiest(spell) },
    }),
  );
  const lost = lostFindings(points, workers, load, hasEnded);
  const off = spellsOf(points, ({ processes }) => processes.some(isOff)).flatMap(
    (spell): Finding[] => {
      const most = mostOf(spell.points, offsetOf);
      if (most === undefined) return [];
      const offsetMs = most.process.clockOffsetMs ?? 0;
      const against = most.id === MASTER ? ("server" as const) : ("master" as const);
      const data = { process: most.id, offsetMs, against };
      return [{ code: "clock_offset", ...timesOf(spell, newest, hasEnded), data }];
    },
  );
  const highest = mostOf(points, ({ cpuPercent }) => cpuPercent);
  const furthest = mostOf(points, offsetOf);
  const isFlawed = saturated.length + lost.length > 0;
  const unknownOr = (isKnown: boolean) => (isKnown ? ("fine" as const) : ("unknown" as const));
  return {
    trust: {
      generators: {
        state: isFlawed ? "flawed" : unknownOr(highest !== undefined),
        process: highest?.id ?? null,
        cpuPercent: highest?.process.cpuPercent ?? null,
        workers,
      },
      clocks: {
        state: off.length > 0 ? "flawed" : unknownOr(furthest !== undefined),
        process: furthest?.id ?? null,
        offsetMs: furthest?.process.clockOffsetMs ?? null,
      },
    },
    findings: [...saturated, ...lost, ...off],
  };
};
