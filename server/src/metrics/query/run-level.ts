import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { getOrCreate } from "../../lib/maps.ts";
import { processOfCell, type TableCell, type TableName } from "../codec/rollup-table.ts";
import { locustSnapshot } from "../live/snapshot.ts";
import type { RunAggregate } from "../live/run-aggregate.ts";
import { MASTER } from "./judge-processes.ts";
import { readTable } from "./tables.ts";
import { type QueryDeps, resolveWindow } from "./window.ts";

/** What a run as a whole has in a window. Null: unknown. */
export type RunLevel = { readonly exceptions: number | null; readonly workerCpu: number | null };

/** The mean CPU of the worker with the highest one, in percent of one core. */
const busiestWorker = (cells: readonly TableCell[]): number | null => {
  const sums = new Map<string, { sum: number; count: number }>();
  for (const cell of cells) {
    const { id, cpuPercent } = processOfCell(cell);
    if (id === MASTER) continue;
    const worker = getOrCreate(sums, id, () => ({ sum: 0, count: 0 }));
    worker.sum += cpuPercent;
    worker.count += 1;
  }
  const means = [...sums.values()].map(({ sum, count }) => sum / count);
  return means.length === 0 ? null : Math.max(...means);
};

/** Locust's own totals say nothing of exceptions, unless there are some. */
const exceptionsOf = (cells: readonly TableCell[], runAggregate: RunAggregate): number | null => {
  const count = cells.reduce((sum, { values }) => sum + (values[0] ?? 0), 0);
  const isKnown =
    runAggregate.masterInstances.size > 0 && locustSnapshot(runAggregate) === undefined;
  return count > 0 || isKnown ? count : null;
};

/** The figures of some cells of both tables. */
export const runLevelOf = (
  exceptions: readonly TableCell[],
  processes: readonly TableCell[],
  runAggregate: RunAggregate,
): RunLevel => ({
  exceptions: exceptionsOf(exceptions, runAggregate),
  workerCpu: busiestWorker(processes),
});

/** The cells of both tables over some seconds (Unix ms), those of a bucket of `step` seconds as one. */
export const readRunLevel = async (
  deps: QueryDeps,
  run: LoadTestRun,
  window: { readonly from?: number; readonly to?: number },
  step: number | undefined,
) => {
  const resolved = await resolveWindow(deps, run, window);
  const read = async (table: TableName) =>
    (await readTable(deps, run.id, table, resolved, step)).cells;
  return { exceptions: await read("exceptions"), processes: await read("processes") };
};
