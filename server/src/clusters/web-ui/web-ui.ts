import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Clock } from "../../lib/clock.ts";
import { AppError } from "../../lib/errors.ts";
import { NO_CAPABILITIES } from "../../runs/domain/capabilities.ts";
import type { LoadState, Observation } from "../../runs/domain/observation.ts";
import type { ClusterProbe } from "../port.ts";
import { settingRefused } from "../run-settings.ts";
import { createPages, type Pages } from "./pages.ts";
import { createRunMemory, type RunMemory } from "./run-memory.ts";
import { createSleepers, type Sleepers } from "./sleepers.ts";
import {
  connectedOf,
  isBusy,
  isEnding,
  isLoading,
  processesOf,
  snapshotOf,
  type Stats,
} from "./stats.ts";

/** The state of a master that has had no load yet; after a load it is "stopped". */
const FRESH = "ready";
const BUSY = "Locust is busy with a run that was started there.";

const REPLACED = "Locust did not answer for a while, and shows no load of this run since.";

/** Locust repeats an answer for two seconds, longer when it is slow, so one answer does not prove that it is idle now. */
const CACHED_MS = 2500;
/** Answers that are further apart than this prove nothing about the time between. */
const STREAK_MS = 5000;

/** Locust asks a LoadTestShape as soon as it has answered; one of its next pages shows the load. */
const SHAPE_PAGES = 50;

type Shown = {
  readonly stats: Stats;
  readonly aheadMs: number;
  readonly now: number;
  readonly locustVersion: string | undefined;
};

const loadOf = (memory: RunMemory, run: LoadTestRun, { stats, aheadMs, now }: Shown): LoadState => {
  const snapshot = snapshotOf(stats);
  // After a restart of the server the newest command is sent again, since Locust does not show the users it was asked for.
  const atStart = run.commandedLoad === undefined ? run.targetUsers : undefined;
  const targetUsers = memory.commandedUsers(run) ?? atStart;
  return {
    phase: isLoading(stats.state) ? "running" : isBusy(stats.state) ? "stopping" : "ended",
    requests: snapshot.totalRequests,
    users: stats.user_count,
    ...(run.startSent === undefined ? {} : { testStartedAt: run.startSent.at }),
    ...(targetUsers === undefined ? {} : { targetUsers }),
    // Where the server has stopped the load, its own time is better.
    ...(isLoading(stats.state) || run.stopSentAt !== undefined
      ? {}
      : { stopIssuedAt: memory.endSeenAt(run, now) }),
    workersLost: [],
    // Locust repeats its cached answer until its clock has passed the time of that answer.
    ...(aheadMs === 0 ? {} : { clockOffsets: [{ worker: "master", seconds: aheadMs / 1000 }] }),
    polledSnapshot: snapshot,
    ...(stats.workers === undefined
      ? {}
      : {
          polledWorkers: stats.workers.map(({ id, state }) => ({
            id,
            isConnected: state !== "missing",
          })),
        }),
  };
};

const observationOf = (memory: RunMemory, run: LoadTestRun, shown: Shown): Observation => {
  const { stats, locustVersion } = shown;
  const capabilities = NO_CAPABILITIES;
  const workers = connectedOf(stats);
  const engine = { workers, ...(locustVersion === undefined ? {} : { locustVersion }) };
  const loading = isLoading(stats.state);
  // A master that has just started has had no load yet.
  const begun = loading || (run.status !== "Starting" && stats.state !== FRESH);
  const mayHaveLoad = run.startSent !== undefined || run.trigger === "external";
  if (begun && mayHaveLoad && !memory.isForeign(run, stats)) {
    const workersExpected = run.engine?.workers ?? workers;
    const load = loadOf(memory, run, shown);
    return { kind: "load", load, engine, workers, workersExpected, capabilities };
  }
  if (loading || memory.hasSeenForeign(run)) {
    return { kind: "foreign", message: loading ? BUSY : REPLACED, capabilities };
  }
  const ready = isEnding(stats.state) ? 0 : workers;
  return { kind: "ready", workers: ready, workersExpected: 1, engine, capabilities };
};

/** Asks once, and again after a silence: another Locust may be there. */
const createVersion = (pages: Pages) => {
  let version: Promise<string | undefined> | undefined;
  return {
    now: () => (version ??= pages.version()),
    forget: () => {
      version = undefined;
    },
  };
};

/** Looks whether Locust is idle; it must have been so for longer than Locust caches its answers. */
const createProbe = (
  pages: Pages,
  versionOf: ReturnType<typeof createVersion>,
  sleepers: Sleepers,
  clock: Pick<Clock, "monotonic">,
) => {
  let idleSince: number | undefined;
  let probedAt = 0;
  return async (): Promise<ClusterProbe> => {
    const reply = await pages.stats();
    if (reply.kind === "silent") {
      versionOf.forget();
      return { state: "unreachable", message: reply.message };
    }
    const processes = processesOf(reply.stats);
    const locustVersion = await versionOf.now();
    const engine = {
      workers: connectedOf(reply.stats),
      ...(locustVersion === undefined ? {} : { locustVersion }),
    };
    if (isBusy(reply.stats.state)) {
      idleSince = undefined;
      return { state: "busy", message: BUSY, engine, processes };
    }
    const asleep = sleepers.among(reply.stats);
    if (asleep !== undefined) return { state: "busy", ...asleep, engine, processes };
    const now = clock.monotonic();
    const since = idleSince !== undefined && now - probedAt < STREAK_MS ? idleSince : now;
    [idleSince, probedAt] = [since, now];
    if (now - since >= CACHED_MS) return { state: "idle", engine, processes };
    const message = "Locust seems idle; it is asked once more before a run is started.";
    return { state: "unknown", message, engine, processes };
  };
};

/** A run that was registered just now: the page may still show the load before it. */
const mayBeOfLoadBefore = ({ trigger, status, startingAt = 0 }: LoadTestRun, now: number) =>
  trigger === "external" && status === "Starting" && now - startingAt < CACHED_MS;

/** Locust answers before its shape has begun, and ignores a stop until then. */
const endShape = async (pages: Pages): Promise<void> => {
  for (let asked = 0; asked < SHAPE_PAGES; asked += 1) {
    if (isBusy(await pages.stateNow())) return pages.stop();
  }
};

/**
 * Ends the load of a LoadTestShape, which begins in the place of the run's. Where the stop is not confirmed, the cleanup after the
 * run stops the load again.
 */
const refuseShape = async (pages: Pages, name: string | undefined): Promise<never> => {
  await endShape(pages).catch(() => {});
  const message = `The script that Locust runs there has ${name === undefined ? "a LoadTestShape" : `the LoadTestShape ${name}`}, which decides the users; without the plugin it cannot be switched off. Its load was stopped at once.`;
  throw settingRefused(message, "loadProfile");
};

/** A Locust without the plugin, through its own pages. */
export const createWebUi = (baseUrl: string, tokens: () => readonly string[], clock: Clock) => {
  const pages = createPages(baseUrl, tokens, clock);
  const memory = createRunMemory();
  const sleepers = createSleepers(clock);
  const versionOf = createVersion(pages);
  const command = async (run: LoadTestRun, users: number, spawnRate: number): Promise<void> => {
    const { shape } = await pages.swarm(run, users, spawnRate);
    if (shape !== undefined) await refuseShape(pages, shape.name);
    memory.noteCommand(run, users);
  };
  const noteSilence = (run: LoadTestRun, refused: boolean): void => {
    versionOf.forget();
    memory.noteSilence(run, refused);
  };
  return {
    /** Locust did not answer at all, so that nobody knows whether the plugin is there. */
    noteSilence,
    observe: async (run: LoadTestRun): Promise<Observation> => {
      if (mayBeOfLoadBefore(run, clock.now())) {
        const capabilities = NO_CAPABILITIES;
        return { kind: "ready", workers: 0, workersExpected: 1, engine: {}, capabilities };
      }
      const [reply, locustVersion] = await Promise.all([pages.stats(), versionOf.now()]);
      if (reply.kind === "stats") {
        const shown = { ...reply, now: clock.now(), locustVersion };
        const seen = observationOf(memory, run, shown);
        if (seen.kind === "load") sleepers.note(run, reply.stats);
        return seen;
      }
      noteSilence(run, reply.refused);
      return { kind: "unreachable", refused: reply.refused, message: reply.message };
    },
    /** Rejects with AppError conflict where nothing was started. */
    start: async (run: LoadTestRun): Promise<void> => {
      if (isBusy(await pages.stateNow())) throw new AppError("conflict", BUSY);
      await pages.setContext(run);
      await command(run, run.targetUsers ?? 1, run.spawnRate ?? 1);
    },
    setUsers: async (run: LoadTestRun, users: number, spawnRate: number): Promise<void> => {
      const state = await pages.stateNow();
      if (!isLoading(state)) {
        const message = `Locust has no load whose users could be changed: it is ${JSON.stringify(state)}.`;
        throw new AppError("conflict", message);
      }
      await command(run, users, spawnRate);
    },
    stop: pages.stop,
    /**
     * Stops load that may be left of an ended run, but never load that has begun since. Rejects with AppError unavailable
     * while Locust does not answer.
     */
    end: async (run: LoadTestRun): Promise<void> => {
      const reply = await pages.stats();
      if (reply.kind === "silent") {
        throw new AppError("unavailable", `Load may be left: ${reply.message}`);
      }
      const { stats } = reply;
      const fewer = snapshotOf(stats).totalRequests < memory.requestsOf(run);
      if (!fewer && !memory.isForeign(run, stats)) await pages.stop();
    },
    forget: memory.forget,
    probe: createProbe(pages, versionOf, sleepers, clock),
  };
};
