import type {
  FailuresOverTimeAnswer,
  OverTimeQuery,
  ProcessesAnswer,
  UsersAnswer,
} from "@load-manager/contract/api/metrics-over-time.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { z } from "zod";
import { getOrCreate } from "../../lib/maps.ts";
import { compareText } from "../../lib/text.ts";
import { endpointNameOf } from "../codec/endpoint-id.ts";
import {
  errorOfKey,
  processOfCell,
  type TableCell,
  type TableName,
} from "../codec/rollup-table.ts";
import { OTHER_TEXT } from "../codec/sample.ts";
import { textOf } from "./failures.ts";
import { MASTER } from "./judge-processes.ts";
import { stepFor } from "./seconds.ts";
import { readTable } from "./tables.ts";
import { type QueryDeps, resolveWindow } from "./window.ts";

type Query = z.output<typeof OverTimeQuery>;

/** The rows of a table over a window: for each key its cells by the start of the bucket. */
const readRows = async (deps: QueryDeps, run: LoadTestRun, query: Query, table: TableName) => {
  const resolved = await resolveWindow(deps, run, query);
  const { window, runAggregate } = resolved;
  const finest = stepFor(window, query.points);
  const read = (width: number) => readTable(deps, run.id, table, resolved, width);
  const first = await read(finest);
  const step = Math.max(finest, first.level);
  const { cells } = step === finest ? first : await read(step);
  const rows = new Map<string, Map<number, TableCell>>();
  for (const cell of cells) {
    getOrCreate(rows, cell.key, () => new Map<number, TableCell>()).set(cell.start, cell);
  }
  const starts: number[] = [];
  for (let start = Math.floor(window.from / step) * step; start <= window.to; start += step)
    starts.push(start);
  const isCovered = (start: number): boolean =>
    runAggregate.covered.some(([from, to]) => from < start + step && to >= start);
  const ids = { testRunId: run.id, runId: run.id };
  return {
    runAggregate,
    rows,
    starts,
    isCovered,
    head: { ...ids, stepMs: step * 1000, t: starts.map((start) => start * 1000) },
  };
};

/** Failures by error, processes and user classes of a window, as columns. */
export const createOverTime = (deps: QueryDeps) => ({
  failuresOverTime: async (
    run: LoadTestRun,
    query: Query,
  ): Promise<z.output<typeof FailuresOverTimeAnswer>> => {
    const { runAggregate, rows, starts, isCovered, head } = await readRows(
      deps,
      run,
      query,
      "errors",
    );
    const covered = starts.map(isCovered);
    const inOrder = [...rows].toSorted(([a], [b]) => compareText(a, b));
    const series = inOrder.map(([key, cells]) => {
      const { id, text } = errorOfKey(key);
      const counts = starts.map((start, index) => {
        const count = cells.get(start)?.values[0];
        return count ?? (covered[index] === true ? 0 : null);
      });
      return {
        ...endpointNameOf(runAggregate.names, id),
        error: textOf(runAggregate, text),
        occurrences: counts.reduce<number>((sum, count) => sum + (count ?? 0), 0),
        counts,
      };
    });
    return {
      ...head,
      series: series.toSorted((a, b) => b.occurrences - a.occurrences),
      truncated: series.some(({ error }) => error === OTHER_TEXT),
    };
  },

  processes: async (run: LoadTestRun, query: Query): Promise<z.output<typeof ProcessesAnswer>> => {
    const { rows, starts, head } = await readRows(deps, run, query, "processes");
    const processes = [...rows].map(([id, cells]) => {
      const states = starts.map((start) => {
        const cell = cells.get(start);
        return cell === undefined ? undefined : processOfCell(cell);
      });
      const column = <
        K extends "users" | "cpuPercent" | "maxCpuPercent" | "memoryBytes" | "clockOffsetMs",
      >(
        field: K,
      ) => states.map((state) => state?.[field] ?? null);
      return {
        id,
        role: id === MASTER ? ("master" as const) : ("worker" as const),
        state: states.findLast((state) => state !== undefined)?.state ?? ("unknown" as const),
        users: column("users"),
        cpuPercent: column("cpuPercent"),
        maxCpuPercent: column("maxCpuPercent"),
        memoryBytes: column("memoryBytes"),
        clockOffsetMs: column("clockOffsetMs"),
      };
    });
    return {
      ...head,
      processes: processes.toSorted(
        (a, b) => compareText(a.role, b.role) || compareText(a.id, b.id),
      ),
    };
  },

  users: async (run: LoadTestRun, query: Query): Promise<z.output<typeof UsersAnswer>> => {
    const { rows, starts, head } = await readRows(deps, run, query, "users");
    const classes = [...rows].map(([name, cells]) => {
      const column = (index: number) =>
        starts.map((start) => cells.get(start)?.values[index] ?? null);
      return { name, targetUsers: column(0), currentUsers: column(1) };
    });
    return { ...head, classes: classes.toSorted((a, b) => compareText(a.name, b.name)) };
  },
});
