import type { LoadTestRun } from "@load-manager/contract/run.ts";
import type { ClusterAdapter, Hold, Observation } from "../../clusters/port.ts";
import type { RunDeps } from "../deps.ts";
import { forcedSteps, recordEvent, recordStatus } from "../journal/events.ts";
import { StoodDown } from "../ownership/term-guard.ts";
import { applyHealth } from "../journal/health.ts";
import { SYSTEM } from "../ownership/leases.ts";
import { AppError } from "../../lib/errors.ts";
import type { Action, Become } from "../domain/actions.ts";
import { POLICY } from "../domain/policy.ts";
import { drainSpool } from "./settle.ts";

type Patch = Parameters<RunDeps["stores"]["runs"]["update"]>[2];

/** What one application needs; `hold.run` is the run as last stored. */
type Context = {
  readonly deps: RunDeps;
  readonly adapter: ClusterAdapter;
  readonly hold: Hold;
  readonly seen: Observation;
  readonly stopSent: () => void;
};

/** Writes as holder of the slot; `undefined` where somebody else wrote first: the next look decides again. */
export const writeRun = async (
  deps: RunDeps,
  hold: Hold,
  patch: Patch,
): Promise<LoadTestRun | undefined> => {
  const before = hold.run;
  const status = patch.status ?? before.status;
  if (status !== before.status) await deps.failpoint(`${status}.before`);
  const next = await deps.stores.runs.update(
    before.id,
    { version: before.version, fence: hold.fence },
    { ...patch, updatedAt: deps.clock.now(), updatedBy: SYSTEM },
  );
  if (next !== undefined && next.status !== before.status) {
    await deps.failpoint(`${status}.after`);
    await recordStatus(deps.stores.events, next, before.status);
  }
  return next;
};

const becomePatch = (context: Context, action: Become): Patch => {
  const now = context.deps.clock.now();
  const { seen } = context;
  const { run } = context.hold;
  const load = seen.kind === "load" ? seen.load : undefined;
  const known: Patch = {
    ...(seen.kind === "load" || seen.kind === "ready"
      ? {
          engine: {
            ...seen.engine,
            workers: Math.max(seen.workers, run.engine?.workers ?? 0),
          },
        }
      : {}),
    ...(load?.loadStartedAt === undefined ? {} : { loadStartedAt: load.loadStartedAt }),
    ...(load?.stopIssuedAt === undefined ? {} : { loadEndedAt: load.stopIssuedAt }),
  };
  switch (action.status) {
    case "Running":
      return {
        ...known,
        status: "Running",
        startedAt: action.startedAt,
        ...(load?.loadStartedAt === undefined ? { loadStartedAt: action.startedAt } : {}),
        statusReason: null,
      };
    case "Stopping":
      return {
        ...known,
        status: "Stopping",
        endCause: action.endCause,
        statusReason: action.reason,
        stoppingAt: now,
        ...(action.startedAt === undefined ? {} : { startedAt: action.startedAt }),
      };
    case "Finished":
    case "Stopped":
    case "Failed":
      return {
        ...known,
        status: action.status,
        statusReason: action.reason,
        ...(load?.stopIssuedAt === undefined &&
        run.loadEndedAt === undefined &&
        run.startedAt !== undefined
          ? { loadEndedAt: run.stoppingAt ?? now }
          : {}),
        finishedAt: Math.max(action.finishedAt, run.startedAt ?? 0),
      };
  }
};

const become = async (context: Context, action: Become): Promise<LoadTestRun | undefined> => {
  const { deps, hold, seen } = context;
  if (action.status !== "Running" && action.status !== "Stopping") {
    await drainSpool(deps, hold.run);
    const cutOff = seen.kind === "load" ? (seen.load.cutOffUsers ?? 0) : 0;
    if (cutOff > 0) {
      await recordEvent(deps.stores.events, hold.run.id, {
        id: "cut-off",
        at: deps.clock.now(),
        type: "users_cut_off",
        message: `The stop timeout cut off ${cutOff} ${cutOff === 1 ? "user" : "users"} in the middle of a request: the target may have seen that many requests more.`,
        data: { users: cutOff },
      });
    }
  }
  return writeRun(deps, hold, becomePatch(context, action));
};

/** The intent is stored first; a second start is only ever sent to the same master process. */
const start = async (context: Context): Promise<LoadTestRun | undefined> => {
  const { deps, adapter, hold, seen } = context;
  const masterInstanceId = seen.kind === "ready" ? seen.masterInstanceId : undefined;
  const { config } = adapter;
  const run =
    hold.run.startSent === undefined
      ? await writeRun(deps, hold, {
          startSent: {
            at: deps.clock.now(),
            ...(masterInstanceId === undefined ? {} : { masterInstanceId }),
            ...(config.kind === "attached" ? { baseUrl: config.baseUrl } : {}),
          },
          ...(seen.kind === "ready" ? { engine: { ...seen.engine, workers: seen.workers } } : {}),
        })
      : hold.run;
  if (run === undefined) return undefined;
  await deps.failpoint("start.before");
  try {
    await adapter.start({ run, fence: hold.fence });
  } catch (error) {
    // Without the plugin Locust's page does not say whose load it shows: it must not be taken for this run's.
    const refused =
      error instanceof AppError && error.kind === "conflict" && masterInstanceId === undefined;
    if (refused) await writeRun(deps, { run, fence: hold.fence }, { startSent: null });
    throw error;
  }
  await deps.failpoint("start.after");
  return run;
};

/** Whoever waits for a start wants to know what it waited for. */
const noteLateWorkers = async (
  deps: RunDeps,
  run: LoadTestRun,
  seen: Observation,
): Promise<void> => {
  const now = deps.clock.now();
  const waitedMs = now - (run.startingAt ?? now);
  if (seen.kind !== "ready" || run.startSent !== undefined || waitedMs < POLICY.workersLateMs)
    return;
  await recordEvent(deps.stores.events, run.id, {
    id: "workers-late",
    at: now,
    type: "workers_late",
    message: `The workers took ${Math.round(waitedMs / 1000)} s to connect.`,
    data: { workers: seen.workers, waitedSeconds: Math.round(waitedMs / 1000) },
  });
};

/**
 * Carries out one action. Answers the run as it is stored afterwards, or `undefined` where somebody else has changed it.
 * Rejects where Locust did not answer or refused: what has happened is for the next look to see.
 */
export const apply = async (context: Context, action: Action): Promise<LoadTestRun | undefined> => {
  const { deps, adapter, hold, seen } = context;
  switch (action.do) {
    case "become":
      return become(context, action);
    case "prepare":
      await adapter.prepare(hold, await scriptOf(deps, hold.run));
      return hold.run;
    case "start":
      await noteLateWorkers(deps, hold.run, seen);
      return start(context);
    case "stop": {
      const told =
        hold.run.status !== "Stopping" || hold.run.stopSentAt !== undefined
          ? hold.run
          : await writeRun(deps, hold, { stopSentAt: deps.clock.now() });
      if (told === undefined) return undefined;
      await recordEvent(deps.stores.events, hold.run.id, {
        id: "stop-sent",
        at: deps.clock.now(),
        type: "stop_sent",
        message: "Locust was told to stop.",
      });
      await deps.failpoint("stop.before");
      try {
        await adapter.stop({ run: told, fence: hold.fence });
      } catch (error) {
        if (!(error instanceof StoodDown)) context.stopSent();
        throw error;
      }
      context.stopSent();
      await deps.failpoint("stop.after");
      return told;
    }
    case "kill":
      await adapter.kill(hold, forcedSteps(deps, hold.run));
      return hold.run;
    case "setUsers":
      await adapter.setUsers(hold, action.targetUsers, action.spawnRate);
      return hold.run;
    case "health":
      return applyHealth(deps, hold, action);
  }
};

const scriptOf = async (
  deps: RunDeps,
  run: LoadTestRun,
): Promise<ReadonlyMap<string, Uint8Array>> => {
  const files = new Map<string, Uint8Array>();
  if (run.scriptRevisionId === undefined) return files;
  const revision = await deps.stores.revisions.get(run.scriptRevisionId);
  for (const file of revision?.files ?? []) {
    const content = await deps.stores.revisions.content(file.sha256);
    if (content === undefined)
      throw new Error(`the content of ${file.path} is missing in the store`);
    files.set(file.path, content);
  }
  return files;
};
