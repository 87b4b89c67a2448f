import type { Finding, Trust } from "@load-manager/contract/api/findings.ts";
import { plannedUsersAt } from "@load-manager/contract/model/load-profile.ts";
import type { PercentileError, RunSummary } from "@load-manager/contract/model/stats.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { getOrCreate } from "../../lib/maps.ts";
import { isTerminal } from "../../runs/domain/states.ts";
import { processOfCell } from "../codec/rollup-table.ts";
import { exactly } from "../codec/totals.ts";
import type { RunAggregate } from "../live/run-aggregate.ts";
import { NO_ENDPOINTS } from "./endpoints.ts";
import { type Expected, judgeLoad, turningPoints, type UsersPoint } from "./judge-load.ts";
import { judgeProcesses, type ProcessesPoint } from "./judge-processes.ts";
import { startsOf } from "./points.ts";
import { untimedRequests } from "./seconds.ts";
import type { Stretch } from "./spells.ts";
import { readTable } from "./tables.ts";
import { type QueryDeps, type QueriedWindow, resolveWindow, type WindowReader } from "./window.ts";

/** What is judged: means of 10 s, so that a spike of a second is no fault, and wider ones in runs of more than 2.7 h. */
const POINTS = 1000;
const MIN_STEP = 10;

/** The gravest first. */
const ORDER: readonly Finding["code"][] = [
  "generator_saturated",
  "users_below_target",
  "workers_lost",
  "gap",
  "incomplete",
  "clock_offset",
];

const stretchOf = (start: number, step: number, { fromMs, toMs }: Stretch): Stretch => ({
  fromMs: Math.max(fromMs, start * 1000),
  toMs: Math.min(toMs, (start + step) * 1000),
});

const usersPointsOf = (queried: QueriedWindow): UsersPoint[] =>
  startsOf(queried).map((start) => {
    const { users = null, target = null } = queried.windowAggregate.run.get(start) ?? {};
    const stretch = stretchOf(start, queried.step, queried.loadTime);
    return { ...stretch, users, targetUsers: target };
  });

/** The spawn rate of a run at a time, in users per second. */
const spawnRateOf =
  ({ spawnRate = 1, commandedLoad }: LoadTestRun) =>
  (ms: number): number =>
    commandedLoad !== undefined && ms + MIN_STEP * 1000 >= commandedLoad.at
      ? commandedLoad.spawnRate
      : spawnRate;

const expectedOf = (run: LoadTestRun, loadTime: Stretch): Expected => {
  const { loadProfile } = run;
  switch (loadProfile.kind) {
    case "constant":
      return { kind: "rate", spawnRateAt: spawnRateOf(run) };
    case "script":
      return { kind: "unknown" };
    case "stages": {
      const { stages } = loadProfile;
      return {
        kind: "plan",
        usersAt: (ms) => plannedUsersAt(stages, (ms - loadTime.fromMs) / 1000),
      };
    }
  }
};

/** Records of a run that lasts may overtake each other: the newest seconds may still come. */
const LATE_MS = 10_000;

const judgeData = (
  run: LoadTestRun,
  { complete, gaps }: Pick<RunSummary, "complete" | "gaps">,
  runAggregate: RunAggregate,
): { readonly trust: Trust["data"]; readonly findings: Finding[] } => {
  const { lastSecond } = runAggregate;
  const hasEnded = isTerminal(run.status);
  const settled = hasEnded ? gaps : gaps.filter(({ to }) => to <= lastSecond * 1000 - LATE_MS);
  const findings = settled.map(({ from, to }): Finding => {
    const seconds = (to - from) / 1000;
    return { code: "gap", since: from, until: to, data: { seconds } };
  });
  const isIncomplete = hasEnded && !complete && settled.length === 0;
  const untimed = exactly(untimedRequests(runAggregate));
  const since = run.finishedAt ?? (lastSecond + 1) * 1000;
  if (isIncomplete)
    findings.push({ code: "incomplete", since, data: { untimedRequests: untimed } });
  const hasMetrics = runAggregate.covered.length > 0;
  return {
    trust: {
      state: findings.length > 0 ? "flawed" : hasMetrics ? "fine" : "unknown",
      gaps: settled.length,
      gapSeconds: settled.reduce((sum, { from, to }) => sum + (to - from) / 1000, 0),
      lastSecondAt: hasMetrics ? lastSecond * 1000 : null,
    },
    findings,
  };
};

/** What a run is judged by. */
type Evidence = {
  readonly users: readonly UsersPoint[];
  /** The seconds of the points in which the target was reached or lost, by their starts in Unix ms. */
  readonly userSeconds: ReadonlyMap<number, readonly UsersPoint[]>;
  readonly processes: readonly ProcessesPoint[];
};

/** Reads what a run is judged by: users and processes over its whole load time. */
export const createEvidence = (deps: QueryDeps, readWindow: WindowReader) => {
  const processPoints = async (
    run: LoadTestRun,
    { step, loadTime }: QueriedWindow,
    window: { readonly from: number; readonly to: number },
  ): Promise<ProcessesPoint[]> => {
    const resolved = await resolveWindow(deps, run, window);
    const { cells } = await readTable(deps, run.id, "processes", resolved, step);
    const byStart = new Map<number, ReturnType<typeof processOfCell>[]>();
    for (const cell of cells) getOrCreate(byStart, cell.start, () => []).push(processOfCell(cell));
    return [...byStart].map(([start, processes]) => ({
      ...stretchOf(start, step, loadTime),
      processes,
    }));
  };

  const secondsOfUsers = async (run: LoadTestRun, points: readonly UsersPoint[]) => {
    const seconds = new Map<number, readonly UsersPoint[]>();
    for (const { fromMs, toMs } of turningPoints(points)) {
      const options = { points: Math.ceil((toMs - fromMs) / 1000) + 1, selection: NO_ENDPOINTS };
      const window = { from: fromMs, to: toMs, responses: "all" } as const;
      seconds.set(fromMs, usersPointsOf(await readWindow(run, window, options)));
    }
    return seconds;
  };

  return async (run: LoadTestRun): Promise<Evidence> => {
    const { loadTime } = await resolveWindow(deps, run, {});
    // The last second, in which users leave, is not judged.
    const window = { from: loadTime.fromMs, to: Math.floor(loadTime.toMs / 1000) * 1000 };
    const options = { points: POINTS, minStep: MIN_STEP, selection: NO_ENDPOINTS };
    const queried = await readWindow(run, { ...window, responses: "all" }, options);
    const users = usersPointsOf(queried);
    return {
      users,
      userSeconds: await secondsOfUsers(run, users),
      processes: await processPoints(run, queried, window),
    };
  };
};

/** The trust in the metrics of a run, and its faults. Both are about the whole run, and made here only. */
export const judge = (
  run: LoadTestRun,
  evidence: Evidence,
  summary: Pick<RunSummary, "complete" | "gaps" | "workers">,
  whole: QueriedWindow,
  error: PercentileError | null,
): { readonly trust: Trust; readonly findings: Finding[] } => {
  const { loadTime, runAggregate } = whole;
  const hasEnded = isTerminal(run.status);
  const load = judgeLoad(
    evidence.users,
    expectedOf(run, loadTime),
    hasEnded,
    ({ fromMs }) => evidence.userSeconds.get(fromMs) ?? [],
  );
  const processes = judgeProcesses(evidence.processes, {
    workers: summary.workers,
    load: loadTime,
    hasEnded,
  });
  const data = judgeData(run, summary, runAggregate);
  const hasTimes = whole.windowAggregate.totals.size > 0;
  const findings = [...load.findings, ...processes.findings, ...data.findings];
  return {
    trust: {
      load: load.trust,
      ...processes.trust,
      data: data.trust,
      percentiles: { state: error === null || !hasTimes ? "unknown" : "fine", error },
    },
    findings: findings.toSorted(
      (a, b) => ORDER.indexOf(a.code) - ORDER.indexOf(b.code) || a.since - b.since,
    ),
  };
};
