import type {
  ExceptionsAnswer,
  FailuresAnswer,
  FailuresQuery,
} from "@load-manager/contract/api/metrics-detail.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { z } from "zod";
import { getOrCreate } from "../../lib/maps.ts";
import { compareText } from "../../lib/text.ts";
import { endpointNameOf } from "../codec/endpoint-id.ts";
import { errorOfKey, exceptionOfKey, type TableCell } from "../codec/rollup-table.ts";
import { OTHER_TEXT, OTHER_TEXT_ID } from "../codec/sample.ts";
import type { RunAggregate } from "../live/run-aggregate.ts";
import { readTable } from "./tables.ts";
import { isWholeRun, type QueryDeps, resolveWindow } from "./window.ts";

/** Times in Unix ms; null where what was counted has no known time. */
type Occurrences = { count: number; firstSeenAt: number | null; lastSeenAt: number | null };

const addCell = (occurrences: Occurrences, { values }: Pick<TableCell, "values">): void => {
  const [count = 0, first, last] = values;
  const time = (
    known: number | null,
    second: number | undefined,
    pick: (...times: number[]) => number,
  ): number | null =>
    second === undefined ? known : pick(...(known === null ? [] : [known]), second * 1000);
  occurrences.count += count;
  occurrences.firstSeenAt = time(occurrences.firstSeenAt, first, Math.min);
  occurrences.lastSeenAt = time(occurrences.lastSeenAt, last, Math.max);
};

/** Adds cells up by what `groupOf` gives of their key; the most frequent group first. */
const tally = (
  cells: readonly Pick<TableCell, "key" | "values">[],
  groupOf: (key: string) => string,
) => {
  const groups = new Map<string, { keys: Set<string>; occurrences: Occurrences }>();
  for (const cell of cells) {
    const group = getOrCreate(groups, groupOf(cell.key), () => ({
      keys: new Set<string>(),
      occurrences: { count: 0, firstSeenAt: null, lastSeenAt: null },
    }));
    group.keys.add(cell.key);
    addCell(group.occurrences, cell);
  }
  return [...groups]
    .toSorted(
      ([one, { occurrences: a }], [other, { occurrences: b }]) =>
        b.count - a.count || (a.firstSeenAt ?? 0) - (b.firstSeenAt ?? 0) || compareText(one, other),
    )
    .map(([, group]) => group);
};

/** A text by its id; the id in brackets while the text has not arrived. */
export const textOf = ({ texts }: Pick<RunAggregate, "texts">, id: string): string =>
  id === OTHER_TEXT_ID ? OTHER_TEXT : (texts.get(id) ?? `(${id})`);

/** Failures by error and exceptions of a window, the most frequent first. */
export const createFailures = (deps: QueryDeps) => {
  const read = async (
    run: LoadTestRun,
    query: z.output<typeof FailuresQuery>,
    table: "errors" | "exceptions",
  ) => {
    const resolved = await resolveWindow(deps, run, query);
    const { cells } = await readTable(deps, run.id, table, resolved, undefined);
    return { ...resolved, cells };
  };

  return {
    failures: async (
      run: LoadTestRun,
      query: z.output<typeof FailuresQuery>,
    ): Promise<z.output<typeof FailuresAnswer>> => {
      const { cells, runAggregate } = await read(run, query, "errors");
      const untimed = isWholeRun(query)
        ? [...runAggregate.untimed.errors].map(([key, count]) => ({ key, values: [count] }))
        : [];
      const items = tally([...cells, ...untimed], (key) => key).map(
        ({ keys: [key = ""], occurrences: { count, ...times } }) => {
          const { id, text } = errorOfKey(key);
          const name = endpointNameOf(runAggregate.names, id);
          return { ...name, error: textOf(runAggregate, text), occurrences: count, ...times };
        },
      );
      const truncated = items.some(({ error }) => error === OTHER_TEXT);
      return { runId: run.id, items, truncated };
    },
    exceptions: async (
      run: LoadTestRun,
      query: z.output<typeof FailuresQuery>,
    ): Promise<z.output<typeof ExceptionsAnswer>> => {
      const { cells, runAggregate } = await read(run, query, "exceptions");
      const groupOf = (key: string): string => {
        const { message, traceback } = exceptionOfKey(key);
        return `${message} ${traceback}`;
      };
      const items = tally(cells, groupOf).map(({ keys, occurrences }) => {
        const exceptions = [...keys].map(exceptionOfKey);
        const { message = "", traceback = "" } = exceptions[0] ?? {};
        const workers = exceptions.flatMap(({ worker }) => worker.split(", "));
        return {
          message: textOf(runAggregate, message),
          traceback: textOf(runAggregate, traceback),
          workers: [...new Set(workers.filter((worker) => worker !== ""))].toSorted(),
          ...occurrences,
        };
      });
      const truncated = items.some(({ message }) => message === OTHER_TEXT);
      return { runId: run.id, items, truncated };
    },
  };
};
