import { stopTimeoutOf } from "@load-manager/contract/model/stop-timeout.ts";
import { PLUGIN_CAPABILITIES } from "../../../clusters/plugin/observation.ts";
import type { ClusterAdapter } from "../../../clusters/port.ts";
import { NO_CAPABILITIES } from "../../domain/capabilities.ts";
import { AppError } from "../../../lib/errors.ts";
import type { RunMetrics } from "../../../metrics/run-metrics.ts";
import type { LoadState, Observation } from "../../domain/observation.ts";
import { mayHaveLoadLeft } from "../../domain/load-left.ts";
import { undecided } from "../../domain/criteria/run-verdict.ts";
import { NO_STATS } from "../../domain/recent-run.ts";
import { isOthers, type Load, OTHER, usersOf } from "./load.ts";

/** What can go wrong with the next call to Locust. */
export type Fault = "none" | "lost-call" | "lost-reply" | "refused";

/**
 * A Locust cluster that behaves like a real one: it answers a start before load begins, a stop takes a second, and a
 * master that dies loses everything. With the plugin it recognises its run and stops at the deadline by itself.
 */
export const simulatedLocust = (options: {
  readonly kind: "local" | "attached";
  readonly plugin: boolean;
  readonly now: () => number;
}) => {
  const capabilities = options.plugin ? PLUGIN_CAPABILITIES : NO_CAPABILITIES;
  let masterInstances = 0;
  let up = options.kind === "attached";
  let died = false;
  let masterInstanceId = "master-0";
  let load: Load | undefined;
  let fence = 0;
  let fault: Fault = "none";
  let finalsArrive = true;
  let metricsAwayUntil = 0;
  let others = 0;
  let killed = false;
  /** Runs whose load the server saw end: load that a Locust without the plugin shows later is not theirs. */
  const over = new Set<string>();
  const stopped = new Set<string>();
  const harmed: string[] = [];
  const starts = new Map<string, number>();
  const ended: Load[] = [];
  const intrusions: string[] = [];

  const disturb = <T>(effect: () => T): Promise<T> => {
    const now = fault;
    fault = "none";
    if (now === "lost-call" || now === "refused") return Promise.reject(new Error(now));
    try {
      const value = effect();
      return now === "lost-reply" ? Promise.reject(new Error(now)) : Promise.resolve(value);
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  };
  const guard = (asked: number): void => {
    if (!options.plugin) return;
    if (asked < fence) throw new Error("stale fence");
    fence = asked;
  };
  const end = (cause: LoadState["stopCause"]): void => {
    if (load === undefined || load.stopIssuedAt !== undefined) return;
    load.stopIssuedAt = options.now();
    if (cause !== undefined) load.stopCause = cause;
  };
  /** Records a stop that ended other load although the server could have known that it is not this run's. */
  const noteHarm = (runId: string): void => {
    const ours = load === undefined || load.stopIssuedAt !== undefined || load.runId === runId;
    if (!ours && over.has(runId)) harmed.push(`load of ${load?.runId} by a stop of ${runId}`);
  };
  const phase = (current: Load): LoadState["phase"] => {
    if (current.endedAt !== undefined) return "ended";
    if (current.stopIssuedAt !== undefined) return "stopping";
    return current.requests === 0 ? "starting" : "running";
  };
  const ready = (): Observation => ({
    kind: "ready",
    workers: 2,
    workersExpected: 2,
    engine: {},
    capabilities,
    ...(options.plugin ? { masterInstanceId } : {}),
  });

  const adapter: ClusterAdapter = {
    config:
      options.kind === "local"
        ? { id: "sim", kind: "local", scope: {}, maxConcurrentRuns: 1, workers: 2 }
        : { id: "sim", kind: "attached", scope: {}, maxConcurrentRuns: 1, baseUrl: "http://sim" },
    observe: async (run) => {
      const now = fault;
      fault = "none";
      if (now !== "none") {
        return { kind: "unreachable", refused: now === "refused", message: now };
      }
      if (!up) {
        if (options.kind === "attached") {
          return { kind: "unreachable", refused: true, message: "connection refused" };
        }
        return died
          ? { kind: "dead", code: "master_lost", message: "gone", logTail: [] }
          : { kind: "nothing" };
      }
      const mine =
        load !== undefined &&
        (options.plugin
          ? load.runId === run.id
          : run.startSent !== undefined && (load.endedAt !== undefined || !over.has(run.id)));
      if (load === undefined || !mine) {
        const busy = load !== undefined && load.endedAt === undefined;
        const there = options.plugin ? { masterInstanceId } : {};
        return busy ? { kind: "foreign", message: "busy", capabilities, ...there } : ready();
      }
      if (!options.plugin && load.endedAt !== undefined) {
        if (run.status === "Starting") return ready();
        over.add(run.id);
      }
      return {
        kind: "load",
        engine: {},
        workers: 2,
        workersExpected: 2,
        capabilities,
        load: {
          phase: phase(load),
          ...(options.plugin ? { masterInstanceId } : {}),
          testStartedAt: load.startedAt,
          requests: load.requests,
          users: usersOf(load, options.now()),
          targetUsers: usersOf(load, options.now()),
          workersLost: [],
          ...(load.stopIssuedAt === undefined ? {} : { stopIssuedAt: load.stopIssuedAt }),
          ...(load.endedAt === undefined ? {} : { endedAt: load.endedAt }),
          ...(load.stopCause === undefined || !options.plugin ? {} : { stopCause: load.stopCause }),
        },
      };
    },
    commands: {
      prepare: () =>
        disturb(() => {
          if (up || died || options.kind === "attached") return;
          up = true;
          masterInstances += 1;
          masterInstanceId = `master-${masterInstances}`;
        }),
      attach: (hold) => disturb(() => guard(hold.fence)),
      start: ({ run, fence: asked }) =>
        disturb(() => {
          if (!up) throw new Error("no master");
          guard(asked);
          const same = load?.runId === run.id;
          if (options.plugin && same) return;
          if (load !== undefined && load.endedAt === undefined) {
            if (!options.plugin && isOthers(load)) throw new AppError("conflict", "busy");
            // Locust without the plugin treats a second start as a change of users.
            if (!options.plugin) intrusions.push(`${run.id} into ${load.runId}`);
            throw new Error("busy");
          }
          if (load !== undefined) ended.push(load);
          const key = run.id;
          starts.set(key, (starts.get(key) ?? 0) + 1);
          const seconds = run.durationSeconds ?? run.maxDurationSec;
          load = {
            runId: run.id,
            startedAt: options.now(),
            deadlineAt: seconds === undefined ? undefined : options.now() + seconds * 1000,
            stopTimeoutMs: stopTimeoutOf(run) * 1000,
            requests: 0,
            targetUsers: run.targetUsers ?? 1,
            ...(run.loadProfile.kind === "stages" ? { stages: run.loadProfile.stages } : {}),
          };
        }),
      setUsers: (hold, targetUsers) =>
        disturb(() => {
          guard(hold.fence);
          if (load !== undefined) load.targetUsers = targetUsers;
        }),
      stop: (hold) =>
        disturb(() => {
          guard(hold.fence);
          stopped.add(hold.run.id);
          if (options.plugin && load?.runId !== hold.run.id) throw new Error("unknown run");
          noteHarm(hold.run.id);
          end("manager");
        }),
      kill: () =>
        disturb(() => {
          if (options.kind === "local") die();
        }),
      cleanUp: (run) =>
        disturb(() => {
          if (options.kind === "local") die();
          else if (options.plugin ? load?.runId === run.id : mayHaveLoadLeft(run)) {
            noteHarm(run.id);
            end("manager");
          }
        }),
    },
    spooled: async () => {
      if (options.plugin && options.kind === "local") finalsArrive = true;
      return [];
    },
    remove: async () => {},
    probe: async () => ({ state: "idle" }),
  };

  const die = (): void => {
    if (load !== undefined) {
      load.endedAt ??= options.now();
      ended.push(load);
    }
    if (up) died = true;
    up = false;
    load = undefined;
  };

  const loadOf = (runId: string): Load | undefined =>
    [...ended, ...(load === undefined ? [] : [load])].findLast((one) => one.runId === runId);

  const read = async <T>(value: T): Promise<T> => {
    if (options.now() < metricsAwayUntil) throw new Error("metrics cannot be read");
    return value;
  };
  const metrics: Omit<RunMetrics, "deleteRun"> = {
    ingestBatch: async () => {},
    unstored: async () => [],
    gaps: async () => [],
    storeMetric: async () => true,
    window: async () => undefined,
    requests: (runId) => read(loadOf(runId)?.requests ?? 0),
    finals: (runId) => {
      const known = loadOf(runId);
      const whole = (known === undefined || known.endedAt !== undefined) && finalsArrive;
      const stopCause = options.plugin ? known?.stopCause : undefined;
      return read({ masterInstances: known === undefined ? 0 : 1, complete: whole, stopCause });
    },
    snapshot: async () => undefined,
    summary: () => read({ ...NO_STATS, complete: true }),
    liveCriteria: () => read([]),
    criterionBreach: () => read(undefined),
    judgeCriteria: (_, criteria) => read(criteria.map((one) => undecided(one, "no_data"))),
    forget: () => {},
  };

  return {
    adapter,
    metrics,
    starts,
    /** Starts that reached a Locust while another run was active. */
    intrusions,
    /** Ended loads and the active one. */
    loads: (): readonly Load[] => (load === undefined ? ended : [...ended, load]),
    advance: (ms: number, served: boolean): void => {
      if (load === undefined || load.endedAt !== undefined) return;
      const hasUsers = usersOf(load, options.now()) > 0;
      if (load.stopIssuedAt === undefined && served && hasUsers)
        load.requests += Math.ceil(ms / 100);
      const due = load.deadlineAt;
      if (options.plugin && due !== undefined && options.now() >= due) end("deadline");
      if (load.stopIssuedAt !== undefined && options.now() - load.stopIssuedAt >= 1000) {
        load.endedAt = options.now();
        // Where the target is slow, the first request of every other load completes after the stop.
        if (!served && ended.length % 2 === 0) load.requests += 1;
      }
    },
    disturbNext: (next: Fault): void => {
      fault = next;
    },
    harmed,
    stopped,
    wereMetricsAway: (): boolean => metricsAwayUntil > 0,
    wasKilled: (): boolean => killed,
    /** An attached Locust is started again by its operator. */
    killMaster: (): void => {
      killed = true;
      die();
      if (options.kind === "local") return;
      died = false;
      up = true;
      masterInstances += 1;
      masterInstanceId = `master-${masterInstances}`;
      fence = 0;
    },
    metricsAway: (ms: number): void => {
      metricsAwayUntil = options.now() + ms;
    },
    /** A user starts load in Locust's own page; `otherStop` stops it there. */
    otherStart: (): void => {
      if (options.kind === "local" || (load !== undefined && load.endedAt === undefined)) return;
      if (load !== undefined) ended.push(load);
      load = {
        runId: `${OTHER}${(others += 1)}`,
        startedAt: options.now(),
        deadlineAt: undefined,
        stopTimeoutMs: 1000,
        requests: 0,
        targetUsers: 1,
      };
    },
    otherStop: (): void => {
      if (load !== undefined && isOthers(load)) end("locust_ui");
    },
    stopInPage: (): void => end("locust_ui"),
    loseFinals: (): void => {
      finalsArrive = false;
    },
  };
};
