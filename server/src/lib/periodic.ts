import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "./errors.ts";
import type { Log } from "./log.ts";

/** A job that runs again and again, one run at a time. */
export type Periodic = {
  /** Runs the job now, and again after each pause. */
  readonly start: () => void;
  /** Ends the present pause; during a run, another follows at once. */
  readonly wake: () => void;
  /** Ends after the run under way; resolves when that is over. */
  readonly stop: () => Promise<void>;
  /** Resolves when the job has ended: by `stop`, or because a run answered "done". */
  readonly ended: Promise<void>;
};

type Options = {
  /** What the log calls the job: snake_case. */
  readonly name: string;
  readonly intervalMs: number;
  readonly job: (signal: AbortSignal) => Promise<"done" | void>;
  readonly log: Pick<Log, "error">;
  /** More fields for the log line of an error. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Pauses first, and runs then. */
  readonly pauseFirst?: boolean;
};

/** An error that repeats is logged once in this time, by every loop of the server. */
export const SAME_ERROR_MS = 60_000;

/** Logs the errors of a job, but one that repeats only once a minute. */
const createErrorLog = ({ name, log, fields }: Pick<Options, "name" | "log" | "fields">) => {
  let last: string | undefined;
  let forget: NodeJS.Timeout | undefined;
  const clear = (): void => {
    last = undefined;
    clearTimeout(forget);
  };
  return {
    note: (thrown: unknown): void => {
      const error = messageOf(thrown);
      if (error === last) return;
      clear();
      last = error;
      forget = setTimeout(clear, SAME_ERROR_MS).unref();
      const line = { event: `${name}_failed`, error, ...fields };
      log.error(line, `The job ${name} failed; it runs again.`);
    },
    clear,
  };
};

/**
 * Runs `job` every `intervalMs`, counted from the end of one run to the start of the next, until it is stopped or a run
 * answers "done". An error is logged as `<name>_failed` and ends nothing. The signal aborts when the job is stopped.
 */
export const createPeriodic = (options: Options): Periodic => {
  const { intervalMs, job } = options;
  const errors = createErrorLog(options);
  const stopping = new AbortController();
  const { signal } = stopping;
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let woken = false;
  let started = false;
  let endPause: (() => void) | undefined;

  const wake = (): void => {
    woken = true;
    endPause?.();
  };

  const pause = (): Promise<void> => {
    if (woken || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, intervalMs);
      timer.unref();
      endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  };

  const run = async (): Promise<"done" | void> => {
    try {
      const answer = await job(signal);
      errors.clear();
      return answer;
    } catch (error) {
      errors.note(error);
      return undefined;
    }
  };

  const repeat = async (): Promise<void> => {
    if (options.pauseFirst === true) await pause();
    while (!signal.aborted) {
      endPause = undefined;
      woken = false;
      if ((await run()) === "done") break;
      await pause();
    }
    end();
  };

  return {
    start: () => {
      if (started) return;
      started = true;
      void repeat();
    },
    wake,
    stop: () => {
      stopping.abort();
      wake();
      if (!started) end();
      return ended;
    },
    ended,
  };
};

/** What `work` resolves with, or `late` where that takes longer than `ms`; the work goes on. */
export const within = <T>(ms: number, work: Promise<T>, late: T): Promise<T> =>
  Promise.race([work, sleep(ms, late, { ref: false })]);

/** Stops all jobs at once. Resolves when they have ended, and after `ms` at the latest. */
export const stopWithin = async (
  ms: number,
  jobs: readonly { readonly stop: () => Promise<void> }[],
): Promise<void> => {
  const stopped = Promise.all(jobs.map((job) => job.stop()));
  await within<unknown>(ms, stopped, undefined);
};
