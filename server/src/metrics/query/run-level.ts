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

type Cells = {
  readonly exceptions: readonly TableCell[];
  readonly processes: readonly TableCell[];
};

/** Adds up both tables; with the sign -1 what was added is taken away again. */
export const createLevelSums = () => {
  let exceptions = 0;
  /** CPU in percent of one core, by worker. */
  const workers = new Map<string, { sum: number; count: number }>();
  return {
    add: (cells: Cells, sign: 1 | -1): void => {
      for (const { values } of cells.exceptions) exceptions += sign * (values[0] ?? 0);
      for (const cell of cells.processes) {
        const { id, cpuPercent } = processOfCell(cell);
        if (id === MASTER) continue;
        const worker = getOrCreate(workers, id, () => ({ sum: 0, count: 0 }));
        worker.sum += sign * cpuPercent;
        worker.count += sign;
      }
    },
    of: (runAggregate: RunAggregate): RunLevel => {
      // Locust's own totals say nothing of exceptions, unless there are some.
      const isKnown =
        runAggregate.masterInstances.size > 0 && locustSnapshot(runAggregate) === undefined;
      const means = [...workers.values()].flatMap(({ sum, count }) =>
        count > 0 ? sum / count : [],
      );
      return {
        exceptions: exceptions > 0 || isKnown ? exceptions : null,
        // The mean of the busiest worker, without what subtraction leaves in the last bits.
        workerCpu: means.length === 0 ? null : Math.round(Math.max(...means) * 1e6) / 1e6,
      };
    },
  };
};

/** The figures of some cells of both tables. */
export const runLevelOf = (cells: Cells, runAggregate: RunAggregate): RunLevel => {
  const sums = createLevelSums();
  sums.add(cells, 1);
  return sums.of(runAggregate);
};

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
