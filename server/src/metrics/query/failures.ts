import type {
  ExceptionsAnswer,
  FailuresAnswer,
  FailuresQuery,
} from "@load-manager/contract/metrics-detail.ts";
import type { LoadTestRun } from "@load-manager/contract/run.ts";
import type { z } from "zod";
import { rollupStart, decodeMeta, SERIES } from "../codec/rollup.ts";
import { decodeSample } from "../codec/sample.ts";
import { resolveWindow, type QueryDeps } from "./window.ts";

/** What the plugin counts further kinds of errors under. */
const MORE_KINDS = "(more kinds of errors)";

type Seen = { count: number; firstSeenAt: number; lastSeenAt: number };

const tally = <Key>() => {
  const entries = new Map<string, { readonly key: Key; readonly seen: Seen }>();
  return {
    add: (text: string, key: Key, second: number, count: number): Key => {
      const at = second * 1000;
      const known = entries.get(text) ?? {
        key,
        seen: { count: 0, firstSeenAt: at, lastSeenAt: at },
      };
      entries.set(text, known);
      known.seen.count += count;
      known.seen.firstSeenAt = Math.min(known.seen.firstSeenAt, at);
      known.seen.lastSeenAt = Math.max(known.seen.lastSeenAt, at);
      return known.key;
    },
    mostFrequentFirst: () =>
      [...entries.values()].toSorted(
        (a, b) => b.seen.count - a.seen.count || a.seen.firstSeenAt - b.seen.firstSeenAt,
      ),
  };
};

/** Failures and exceptions of a window, from merged windows and from samples. */
export const createFailures = (deps: QueryDeps) => {
  const read = async (run: LoadTestRun, query: z.output<typeof FailuresQuery>) => {
    const { window, runAggregate } = await resolveWindow(deps, run, query);
    const errors = tally<{ readonly id: string; readonly error: string }>();
    const exceptions = tally<{
      readonly message: string;
      readonly traceback: string;
      readonly workers: Set<string>;
    }>();
    const addError = (id: string, error: string, second: number, count: number): void => {
      errors.add(`${id} ${error}`, { id, error }, second, count);
    };
    const addException = (
      { message, traceback, workers }: { message: string; traceback: string; workers: string },
      second: number,
      count: number,
    ): void => {
      const key = { message, traceback, workers: new Set<string>() };
      const known = exceptions.add(`${message}\0${traceback}`, key, second, count);
      for (const worker of workers.split(", ")) if (worker !== "") known.workers.add(worker);
    };
    const inWindow = (second: number): boolean => second >= window.from && second <= window.to;
    if (window.to >= window.from) {
      const stretch = { fromStart: rollupStart(window.from), toStart: window.to };
      const { rollups, rows } = await deps.metrics.readRollups(run.id, {
        rollups: [{ level: 0, series: [SERIES.meta], ...stretch }],
        rows: { fromSecond: window.from, toSecond: window.to },
      });
      for (const meta of rollups.map(({ body }) => decodeMeta(body))) {
        for (const { id, error, at } of meta.errors)
          for (const [second, count] of at)
            if (inWindow(second)) addError(id, error, second, count);
        for (const { at, ...exception } of meta.exceptions)
          for (const [second, count] of at)
            if (inWindow(second)) addException(exception, second, count);
      }
      for (const { second, body } of rows) {
        const sample = decodeSample(body);
        for (const { id, error, count } of sample.errors) addError(id, error, second, count);
        for (const { count, ...exception } of sample.exceptions)
          addException(exception, second, count);
      }
    }
    return { errors, exceptions, names: runAggregate.names };
  };

  return {
    failures: async (
      run: LoadTestRun,
      query: z.output<typeof FailuresQuery>,
    ): Promise<z.output<typeof FailuresAnswer>> => {
      const { errors, names } = await read(run, query);
      const items = errors.mostFrequentFirst().map(({ key: { id, error }, seen }) => {
        const { count, ...times } = seen;
        const name = names.get(id) ?? { method: "", name: `(${id})` };
        return { ...name, error, occurrences: count, ...times };
      });
      return {
        runId: run.id,
        items,
        truncated: items.some(({ error }) => error === MORE_KINDS),
      };
    },
    exceptions: async (
      run: LoadTestRun,
      query: z.output<typeof FailuresQuery>,
    ): Promise<z.output<typeof ExceptionsAnswer>> => {
      const { exceptions } = await read(run, query);
      const items = exceptions.mostFrequentFirst().map(({ key, seen }) => ({
        message: key.message,
        traceback: key.traceback,
        workers: [...key.workers].toSorted(),
        ...seen,
      }));
      return { runId: run.id, items, truncated: false };
    },
  };
};
