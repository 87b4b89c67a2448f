import type {
  ExceptionsAnswer,
  FailuresAnswer,
  FailuresQuery,
} from "@load-manager/contract/api/metrics-detail.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { z } from "zod";
import { endpointNameOf } from "../codec/endpoint-id.ts";
import { decodeMeta, rollupStart, SERIES } from "../codec/rollup.ts";
import { decodeSample, type ExceptionCount } from "../codec/sample.ts";
import { type QueryDeps, resolveWindow } from "./window.ts";

/** The plugin counts the errors beyond its limit under this name. */
const OTHER_ERRORS = "(more kinds of errors)";

type Occurrences = { count: number; firstSeenAt: number; lastSeenAt: number };

/** Counts occurrences of items; times in Unix ms. */
const createTally = <Item>() => {
  const entries = new Map<string, { readonly item: Item; readonly occurrences: Occurrences }>();
  return {
    /** → the item that the key was added with first. */
    add: (key: string, item: Item, second: number, count: number): Item => {
      const time = second * 1000;
      const entry = entries.get(key) ?? {
        item,
        occurrences: { count: 0, firstSeenAt: time, lastSeenAt: time },
      };
      entries.set(key, entry);
      const { occurrences } = entry;
      occurrences.count += count;
      occurrences.firstSeenAt = Math.min(occurrences.firstSeenAt, time);
      occurrences.lastSeenAt = Math.max(occurrences.lastSeenAt, time);
      return entry.item;
    },
    mostFrequentFirst: () =>
      [...entries.values()].toSorted(
        ({ occurrences: a }, { occurrences: b }) =>
          b.count - a.count || a.firstSeenAt - b.firstSeenAt,
      ),
  };
};

const createProblems = () => {
  const errors = createTally<{ readonly id: string; readonly error: string }>();
  const exceptions = createTally<{
    readonly message: string;
    readonly traceback: string;
    readonly workers: Set<string>;
  }>();
  return {
    errors,
    exceptions,
    addError: (id: string, error: string, second: number, count: number): void => {
      errors.add(`${id} ${error}`, { id, error }, second, count);
    },
    addException: (
      { message, traceback, workers }: Omit<ExceptionCount, "count">,
      second: number,
      count: number,
    ): void => {
      const item = { message, traceback, workers: new Set<string>() };
      const recorded = exceptions.add(`${message}\0${traceback}`, item, second, count);
      for (const worker of workers.split(", ")) if (worker !== "") recorded.workers.add(worker);
    },
  };
};

/** Failures by error and exceptions of a window, the most frequent first. */
export const createFailures = (deps: QueryDeps) => {
  const read = async (run: LoadTestRun, query: z.output<typeof FailuresQuery>) => {
    const { window, runAggregate } = await resolveWindow(deps, run, query);
    const { errors, exceptions, addError, addException } = createProblems();
    const answer = { errors, exceptions, names: runAggregate.names };
    if (window.to < window.from) return answer;
    const inWindow = (second: number): boolean => second >= window.from && second <= window.to;
    const starts = { fromStart: rollupStart(window.from), toStart: window.to };
    const { rollups, records } = await deps.metrics.readRollups(run.id, {
      rollups: [{ level: 0, series: [SERIES.meta], ...starts }],
      records: { fromSecond: window.from, toSecond: window.to },
    });
    for (const meta of rollups.map(({ body }) => decodeMeta(body))) {
      for (const { id, error, counts } of meta.errors)
        for (const [second, count] of counts)
          if (inWindow(second)) addError(id, error, second, count);
      for (const { counts, ...exception } of meta.exceptions)
        for (const [second, count] of counts)
          if (inWindow(second)) addException(exception, second, count);
    }
    for (const { second, body } of records) {
      const sample = decodeSample(body);
      for (const { id, error, count } of sample.errors) addError(id, error, second, count);
      for (const { count, ...exception } of sample.exceptions)
        addException(exception, second, count);
    }
    return answer;
  };

  return {
    failures: async (
      run: LoadTestRun,
      query: z.output<typeof FailuresQuery>,
    ): Promise<z.output<typeof FailuresAnswer>> => {
      const { errors, names } = await read(run, query);
      const items = errors
        .mostFrequentFirst()
        .map(({ item: { id, error }, occurrences: { count, ...times } }) => ({
          ...endpointNameOf(names, id),
          error,
          occurrences: count,
          ...times,
        }));
      return { runId: run.id, items, truncated: items.some(({ error }) => error === OTHER_ERRORS) };
    },
    exceptions: async (
      run: LoadTestRun,
      query: z.output<typeof FailuresQuery>,
    ): Promise<z.output<typeof ExceptionsAnswer>> => {
      const { exceptions } = await read(run, query);
      const items = exceptions.mostFrequentFirst().map(({ item, occurrences }) => ({
        message: item.message,
        traceback: item.traceback,
        workers: [...item.workers].toSorted(),
        ...occurrences,
      }));
      return { runId: run.id, items, truncated: false };
    },
  };
};
