import type { Expression } from "@load-manager/contract/criteria/expression.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Doubts } from "../../runs/domain/criteria/figures.ts";
import { createEveryJudge } from "../../runs/domain/criteria/judge-window.ts";
import type { Judged } from "../../runs/domain/criteria/judge-figures.ts";
import type { TableCell } from "../codec/rollup-table.ts";
import { withoutExtremes } from "../codec/stats.ts";
import type { Totals } from "../codec/totals.ts";
import { hasPartialExtremes } from "../live/snapshot.ts";
import type { RunAggregate } from "../live/run-aggregate.ts";
import { figuresOf } from "./criterion-figures.ts";
import type { Selection } from "./endpoints.ts";
import { readRunLevel, runLevelOf } from "./run-level.ts";
import { createSlidingMax, createSlidingTotals } from "./sliding.ts";
import type { QueryDeps, WindowReader } from "./window.ts";

/** So many seconds are read at once. */
const CHUNK = 600;

/** What is read of one second. */
type Second = {
  readonly totals: Totals | undefined;
  readonly users: number;
  readonly exceptions: readonly TableCell[];
  readonly processes: readonly TableCell[];
};

const bySecond = (cells: readonly TableCell[]) => Map.groupBy(cells, ({ start }) => start);

/** Reads the seconds of a run, ascending; `undefined` for all where the retention has deleted some of them. */
const createSecondReader =
  (deps: QueryDeps, readWindow: WindowReader, run: LoadTestRun, selection: Selection) =>
  async (from: number, to: number): Promise<Map<number, Second> | undefined> => {
    const times = { from: from * 1000, to: (to + 1) * 1000 };
    const options = { points: CHUNK, minStep: 1, selection };
    const queried = await readWindow(run, { ...times, responses: "all" }, options);
    if (queried.step > 1) return undefined;
    const tables = await readRunLevel(deps, run, times, 1);
    const exceptions = bySecond(tables.exceptions);
    const processes = bySecond(tables.processes);
    const { totals, run: ofRun } = queried.windowAggregate;
    const seconds = new Map<number, Second>();
    for (let second = from; second <= to; second += 1) {
      const [only] = totals.get(second)?.values() ?? [];
      seconds.set(second, {
        totals: only,
        users: ofRun.get(second)?.maxUsers ?? 0,
        exceptions: exceptions.get(second) ?? [],
        processes: processes.get(second) ?? [],
      });
    }
    return seconds;
  };

/** A window of so many seconds that moves over the seconds of a run. */
const createSlidingWindow = (length: number, runAggregate: RunAggregate) => {
  const requests = createSlidingTotals();
  const users = createSlidingMax();
  const kept = new Map<number, Second>();
  /** The most requests of any second so far. */
  let busiestRate = 0;
  const push = (at: number, second: Second): void => {
    kept.set(at, second);
    if (second.totals !== undefined) requests.add(at, second.totals);
    busiestRate = Math.max(busiestRate, second.totals?.requests ?? 0);
    users.add(at, second.users);
    const gone = kept.get(at - length);
    if (gone === undefined) return;
    kept.delete(at - length);
    if (gone.totals !== undefined) requests.remove(at - length, gone.totals);
    users.remove(at - length);
  };
  const cellsOf = (table: "exceptions" | "processes") =>
    [...kept.values()].flatMap((second) => second[table]);
  const measured = (metric: Expression["metric"]) => {
    const all = requests.view();
    const view = hasPartialExtremes(runAggregate) ? all : withoutExtremes(all);
    const isOfTables = metric === "exceptions" || metric === "workerCpu";
    const most = users.max() ?? 0;
    return {
      view,
      rate: view.requests / length,
      seconds: length,
      users: most > 0 ? most : null,
      ...(isOfTables
        ? runLevelOf(cellsOf("exceptions"), cellsOf("processes"), runAggregate)
        : { exceptions: null, workerCpu: null }),
    };
  };
  return { push, measured, busiestRate: () => busiestRate };
};

/**
 * Judges each full window of a load: `first` and `last` are its whole seconds. `undefined` where its seconds are no longer
 * kept.
 */
export const judgeEveryWindow = async (
  deps: QueryDeps,
  readWindow: WindowReader,
  input: {
    readonly run: LoadTestRun;
    readonly runAggregate: RunAggregate;
    readonly judged: Judged;
    readonly selection: Selection;
    readonly length: number;
    readonly first: number;
    readonly last: number;
    readonly isCutShort: boolean;
    readonly doubtsOf: (fromMs: number, toMs: number) => Doubts;
  },
) => {
  const { run, runAggregate, judged, length, first, last } = input;
  const readSeconds = createSecondReader(deps, readWindow, run, input.selection);
  const sliding = createSlidingWindow(length, runAggregate);
  const judge = createEveryJudge(judged);
  for (let from = first; from <= last; from += CHUNK) {
    const seconds = await readSeconds(from, Math.min(last, from + CHUNK - 1));
    if (seconds === undefined) return undefined;
    for (const [second, values] of seconds) {
      sliding.push(second, values);
      if (second - first + 1 < length) continue;
      const [fromMs, toMs] = [(second - length + 1) * 1000, (second + 1) * 1000];
      const measured = sliding.measured(judged.metric);
      const { metric, limit } = judged;
      const beside = { parts: [], busiestRate: sliding.busiestRate() };
      const figures = figuresOf(metric, limit, measured, beside);
      judge.add({ fromMs, toMs }, figures, input.doubtsOf(fromMs, toMs));
    }
  }
  return judge.finish(input.isCutShort);
};
