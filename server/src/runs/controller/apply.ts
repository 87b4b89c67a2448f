import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { stopTimeoutOf } from "@load-manager/contract/model/stop-timeout.ts";
import { DEFAULT_ENTRYPOINT } from "@load-manager/contract/model/script-paths.ts";
import type { ClusterAdapter, Clusters, Hold, RunScript } from "../../clusters/port.ts";
import type { Clock } from "../../lib/clock.ts";
import { AppError } from "../../lib/errors.ts";
import type { Failpoint } from "../../lib/failpoints.ts";
import type { Log } from "../../lib/log.ts";
import type { RunMetrics } from "../../metrics/run-metrics.ts";
import type { RevisionStore } from "../../stores/model/script-revision.ts";
import type { RunEventStore } from "../../stores/model/event-store.ts";
import type { Action, Transition } from "../domain/actions.ts";
import type { Observation } from "../domain/observation.ts";
import { settingRefused } from "../domain/outcomes.ts";
import { POLICY } from "../domain/policy.ts";
import { isTerminal } from "../domain/states.ts";
import { forcedStepRecorder, recordEvent } from "../journal/events.ts";
import { packagesRecorder } from "./packages-recorder.ts";
import { writeHealth } from "../journal/health.ts";
import type { RunPatch, RunWriter } from "../journal/run-writer.ts";
import { StoodDown } from "../ownership/term-guard.ts";
import { drainSpool } from "./settle.ts";

type Deps = {
  readonly writer: RunWriter;
  readonly events: RunEventStore;
  readonly revisions: Pick<RevisionStore, "get" | "files">;
  readonly clusters: Clusters;
  readonly metrics: RunMetrics;
  readonly clock: Clock;
  readonly log: Log;
  readonly failpoint: Failpoint;
};

/** One action's surroundings. `hold.run` is the run as it was stored last. */
type Context = {
  readonly deps: Deps;
  readonly adapter: ClusterAdapter;
  readonly hold: Hold;
  readonly seen: Observation;
  /** How long ago packages of the script were still being installed; infinite where they never were. */
  readonly preparedAgoMs: number;
  readonly onStopSent: () => void;
};

/** The fields that a transition writes, with what the observation shows of the engine and of the load's times. */
const transitionPatch = (context: Context, action: Transition): RunPatch => {
  const now = context.deps.clock.now();
  const { seen } = context;
  const { run } = context.hold;
  const load = seen.kind === "load" ? seen.load : undefined;
  const observed: RunPatch = {
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
        ...observed,
        status: "Running",
        startedAt: action.startedAt,
        ...(load?.loadStartedAt === undefined ? { loadStartedAt: action.startedAt } : {}),
        statusReason: null,
      };
    case "Stopping":
      return {
        ...observed,
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
        ...observed,
        status: action.status,
        statusReason: action.reason,
        ...(action.startedAt === undefined ? {} : { startedAt: action.startedAt }),
        ...(action.loadEndSeenAt === undefined ? {} : { loadEndSeenAt: action.loadEndSeenAt }),
        ...(load?.stopIssuedAt === undefined &&
        run.loadEndedAt === undefined &&
        run.startedAt !== undefined
          ? { loadEndedAt: run.stopSentAt ?? run.stoppingAt ?? now }
          : {}),
        finishedAt: Math.max(action.finishedAt, run.startedAt ?? 0),
      };
  }
};

const recordCutOffUsers = async ({ deps, hold, seen }: Context): Promise<void> => {
  const users = seen.kind === "load" ? (seen.load.cutOffUsers ?? 0) : 0;
  if (users === 0) return;
  await recordEvent(deps.events, hold.run.id, {
    id: "cut-off",
    at: deps.clock.now(),
    type: "users_cut_off",
    message: `The stop timeout interrupted ${users} ${users === 1 ? "user" : "users"} in the middle of a request; the target may have received that many more requests.`,
    data: { users },
  });
};

const transition = async (
  context: Context,
  action: Transition,
): Promise<LoadTestRun | undefined> => {
  const { deps, hold } = context;
  if (isTerminal(action.status)) {
    await drainSpool(deps, hold.run);
    await recordCutOffUsers(context);
  }
  return deps.writer.write(hold.run, transitionPatch(context, action), hold.fence);
};

/** Stores the intent to start, with the master instance and the capabilities that are seen. */
const storeStart = ({ deps, adapter, hold, seen }: Context): Promise<LoadTestRun | undefined> => {
  if (hold.run.startSent !== undefined || seen.kind !== "ready") return Promise.resolve(hold.run);
  const { config } = adapter;
  const { masterInstanceId, capabilities } = seen;
  return deps.writer.write(
    hold.run,
    {
      startSent: {
        at: deps.clock.now(),
        ...(masterInstanceId === undefined ? {} : { masterInstanceId }),
        ...(config.kind === "attached" ? { baseUrl: config.baseUrl } : {}),
        capabilities,
      },
      engine: { ...seen.engine, workers: seen.workers },
      // Nobody has set one: the plugin is told the default, and without it Locust's own applies.
      ...(capabilities.ownDeadline ? { stopTimeoutSeconds: stopTimeoutOf(hold.run) } : {}),
    },
    hold.fence,
  );
};

/** The intent is stored first; a second start is sent only to the same master instance. */
const start = async (context: Context): Promise<LoadTestRun | undefined> => {
  const { deps, adapter, hold } = context;
  const run = await storeStart(context);
  if (run === undefined) return undefined;
  await deps.failpoint("start.before");
  try {
    await adapter.commands.start({ run, fence: hold.fence });
  } catch (error) {
    if (error instanceof AppError && error.extra["code"] === "setting_refused") {
      const field = error.extra["field"];
      const failed = settingRefused(
        deps.clock.now(),
        error.message,
        typeof field === "string" ? field : undefined,
      );
      return transition({ ...context, hold: { ...hold, run } }, failed);
    }
    // Without the plugin Locust's page does not name the run, so load of others must not be taken for this run's.
    const refused = error instanceof AppError && error.kind === "conflict";
    if (refused && run.startSent?.capabilities.restartSafeStart === false) {
      await deps.writer.write(run, { startSent: null }, hold.fence);
    }
    throw error;
  }
  await deps.failpoint("start.after");
  return run;
};

/** Stores the time of the first stop before the stop is sent. */
const stop = async (context: Context): Promise<LoadTestRun | undefined> => {
  const { deps, adapter, hold, onStopSent } = context;
  const run =
    hold.run.status !== "Stopping" || hold.run.stopSentAt !== undefined
      ? hold.run
      : await deps.writer.write(hold.run, { stopSentAt: deps.clock.now() }, hold.fence);
  if (run === undefined) return undefined;
  await recordEvent(deps.events, hold.run.id, {
    id: "stop-sent",
    at: deps.clock.now(),
    type: "stop_sent",
    message: "A stop was sent to Locust.",
  });
  await deps.failpoint("stop.before");
  try {
    await adapter.commands.stop({ run, fence: hold.fence });
  } catch (error) {
    if (!(error instanceof StoodDown)) onStopSent();
    throw error;
  }
  onStopSent();
  await deps.failpoint("stop.after");
  return run;
};

const recordLateWorkers = async ({ deps, hold, seen, preparedAgoMs }: Context): Promise<void> => {
  const { run } = hold;
  const now = deps.clock.now();
  const waitedMs = Math.min(now - (run.startingAt ?? now), preparedAgoMs);
  if (seen.kind !== "ready" || run.startSent !== undefined || waitedMs < POLICY.workersLateMs) {
    return;
  }
  const waitedSeconds = Math.round(waitedMs / 1000);
  await recordEvent(deps.events, run.id, {
    id: "workers-late",
    at: now,
    type: "workers_late",
    message: `The workers took ${waitedSeconds} s to connect.`,
    data: { workers: seen.workers, waitedSeconds },
  });
};

/**
 * Carries out one action and answers the run as it is stored afterwards; `undefined` where somebody else wrote first.
 * Rejects where Locust did not answer or refused: the next pass observes what has happened.
 */
export const apply = async (context: Context, action: Action): Promise<LoadTestRun | undefined> => {
  const { deps, adapter, hold } = context;
  switch (action.do) {
    case "transition":
      return transition(context, action);
    case "prepare":
      await adapter.commands.prepare(
        hold,
        await scriptOf(deps, hold.run),
        packagesRecorder(deps, hold.run),
      );
      return hold.run;
    case "start":
      await recordLateWorkers(context);
      return start(context);
    case "stop":
      return stop(context);
    case "kill":
      await adapter.commands.kill(hold, forcedStepRecorder(deps, hold.run));
      return hold.run;
    case "setUsers":
      await adapter.commands.setUsers(hold, action.targetUsers, action.spawnRate);
      return hold.run;
    case "health":
      return writeHealth(deps, hold.run, hold.fence, action);
  }
};

/** The run's script revision. */
const scriptOf = async (
  { revisions }: Pick<Deps, "revisions">,
  { scriptRevisionId }: LoadTestRun,
): Promise<RunScript> => {
  const revision = scriptRevisionId && (await revisions.get(scriptRevisionId));
  if (!revision) return { entrypoint: DEFAULT_ENTRYPOINT, files: new Map() };
  const { entrypoint, requirements } = revision;
  const files = await revisions.files(revision);
  return { entrypoint, files, ...(requirements === undefined ? {} : { requirements }) };
};
