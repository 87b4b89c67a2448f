import type { LoadTestRun } from "@load-manager/contract/run.ts";
import { z } from "zod";
import { systemClock } from "../../lib/clock.ts";
import { AppError } from "../../lib/errors.ts";
import { ask, clockAhead, type Reply } from "../locust-http.ts";
import { snapshotOf, Stats } from "./stats.ts";
import type { ClusterProbe, LoadState, Observation } from "../port.ts";

const LOADING = new Set(["spawning", "running"]);
/** Up to 2.27, and in what the newer page is made from. */
const PAGE_STATE = /<body class="([a-z]+)">|window\.templateArgs = .*?"state": ?"([a-z]+)"/;
const ENDING = new Set(["stopping", "cleanup"]);
const isBusy = (state: string): boolean => LOADING.has(state) || ENDING.has(state);
/** The state of a master that has had no load yet; after a load it is "stopped". */
const FRESH = "ready";

/** What the looks at a run have shown. */
type Known = { requests: number; over: boolean; silent: boolean; another: boolean };

const form = (run: LoadTestRun, users: number, spawnRate: number): URLSearchParams =>
  new URLSearchParams({
    user_count: String(users),
    spawn_rate: String(spawnRate),
    ...(run.targetUrl === undefined ? {} : { host: run.targetUrl }),
  });

/** Locust answers a stop only after its users are gone, which can take longer: then the next look tells. */
const TIMEOUT_MS = 4000;

/** Locust gives the same answer for two seconds, and more when it is slow: one alone does not say that it is idle now. */
const MEMO_MS = 2500;
/** Looks that are further apart than this say nothing of the time between. */
const STREAK_MS = 5000;

/** A Locust without our plugin, through the pages that every version has (2.12.1 to 2.47). */
export const createWebUi = (baseUrl: string, tokens: () => readonly string[]) => {
  let idleSince: number | undefined;
  let lookedAt = 0;
  const base = baseUrl.replace(/\/+$/, "");
  const headers = (): Record<string, string> => {
    const [token] = tokens();
    return token === undefined ? {} : { authorization: `Bearer ${token}` };
  };
  const read = async (): Promise<
    | { readonly kind: "stats"; readonly stats: Stats; readonly aheadMs: number }
    | Extract<Reply, { readonly kind: "silent" }>
  > => {
    const reply = await ask(`${base}/stats/requests`, {
      headers: headers(),
      timeoutMs: TIMEOUT_MS,
    });
    if (reply.kind === "silent") return reply;
    const parsed = Stats.safeParse(reply.json);
    if (parsed.success) {
      return { kind: "stats", stats: parsed.data, aheadMs: clockAhead(reply, reply.dateMs, 1000) };
    }
    const message = `${base}: this does not answer like a Locust master (status ${reply.status})`;
    return { kind: "silent", refused: false, message };
  };
  /** Its figures may be seconds old, and say that it runs when somebody has just stopped it; its first page is made anew. */
  const stateNow = async (): Promise<string> => {
    const page = await ask(`${base}/`, { headers: headers(), timeoutMs: TIMEOUT_MS });
    const shown = page.kind === "answer" ? PAGE_STATE.exec(page.text) : null;
    const state = shown?.[1] ?? shown?.[2];
    if (state !== undefined) return state;
    const reply = await read();
    if (reply.kind === "silent") throw new AppError("unavailable", reply.message);
    return reply.stats.state;
  };
  /** Locust does not tell which users it was last told; after a restart of ours the newest command is sent once more. */
  const commanded = new Map<string, number>();
  const swarm = async (run: LoadTestRun, users: number, spawnRate: number): Promise<void> => {
    const reply = await ask(`${base}/swarm`, {
      method: "POST",
      headers: headers(),
      body: form(run, users, spawnRate),
      timeoutMs: TIMEOUT_MS,
    });
    if (reply.kind === "silent") throw new AppError("unavailable", reply.message);
    const said = z.looseObject({ success: z.boolean(), message: z.string() }).safeParse(reply.json);
    if (reply.status >= 300 || !said.success) {
      throw new AppError("unavailable", `Locust answered the start with status ${reply.status}`);
    }
    if (!said.data.success) {
      throw new AppError("conflict", `Locust refused the start: ${said.data.message}`);
    }
    commanded.set(run.id, users);
  };
  const known = new Map<string, Known>();
  const knownOf = (run: LoadTestRun): Known => {
    const one = known.get(run.id) ?? { requests: 0, over: false, silent: false, another: false };
    known.set(run.id, one);
    return one;
  };
  /** Locust's page does not say whose load it shows: one that begins after ours was over, or counts anew after a silence, is not ours. */
  const isAnothers = (run: LoadTestRun, stats: Stats): boolean => {
    const one = knownOf(run);
    const requests = snapshotOf(stats).totalRequests;
    const busy = isBusy(stats.state);
    if (busy && (one.over || (one.silent && requests < one.requests))) one.another = true;
    one.over ||= !busy && stats.user_count === 0;
    one.silent = false;
    one.requests = requests;
    return one.another;
  };
  const loadOf = (run: LoadTestRun, stats: Stats, aheadMs: number): LoadState => {
    const snapshot = snapshotOf(stats);
    const before = run.commandedLoad === undefined ? run.targetUsers : undefined;
    const targetUsers = commanded.get(run.id) ?? before;
    const ended = !isBusy(stats.state);
    return {
      phase: LOADING.has(stats.state) ? "running" : ended ? "ended" : "stopping",
      requests: snapshot.totalRequests,
      users: stats.user_count,
      ...(run.startSent === undefined ? {} : { testStartedAt: run.startSent.at }),
      ...(targetUsers === undefined ? {} : { targetUsers }),
      workersLost: [],
      // Its page shows the same answer until its clock has passed the time of that.
      ...(aheadMs === 0 ? {} : { clockOffsets: [{ worker: "master", seconds: aheadMs / 1000 }] }),
      polled: snapshot,
    };
  };
  /** POST from 2.47 on, GET before; 405 has no side effect. */
  const stop = async (): Promise<void> => {
    const state = await stateNow();
    if (!isBusy(state)) return;
    const post = await ask(`${base}/stop`, {
      method: "POST",
      headers: headers(),
      timeoutMs: TIMEOUT_MS,
    });
    const reply =
      post.kind === "answer" && post.status === 405
        ? await ask(`${base}/stop`, { headers: headers(), timeoutMs: TIMEOUT_MS })
        : post;
    if (reply.kind === "silent") throw new AppError("unavailable", reply.message);
    if (reply.status >= 300)
      throw new AppError("conflict", `Locust refused the stop: status ${reply.status}`);
  };
  return {
    observe: async (run: LoadTestRun): Promise<Observation> => {
      const reply = await read();
      if (reply.kind === "silent") {
        knownOf(run).silent = true;
        return { kind: "unreachable", refused: reply.refused, message: reply.message };
      }
      const { stats, aheadMs } = reply;
      const alive = (stats.workers ?? []).filter((worker) => worker.state !== "missing").length;
      // A master without workers (local mode) lists none, and is a worker itself.
      const workers = stats.workers === undefined ? 1 : alive;
      const engine = { workers };
      const loading = LOADING.has(stats.state);
      // A master that has just been started has had no load yet.
      const begun = loading || (run.status !== "Starting" && stats.state !== FRESH);
      const told = run.startSent !== undefined || run.trigger === "external";
      if (begun && told && !isAnothers(run, stats)) {
        return {
          kind: "load",
          load: loadOf(run, stats, aheadMs),
          engine,
          workers,
          workersExpected: run.engine?.workers ?? workers,
        };
      }
      if (loading || knownOf(run).another) {
        return { kind: "foreign", message: "Locust is busy with a run that was started there." };
      }
      return {
        kind: "ready",
        workers: ENDING.has(stats.state) ? 0 : workers,
        workersExpected: 1,
        engine,
      };
    },
    /** Rejects with AppError conflict where nothing was started. */
    start: async (run: LoadTestRun): Promise<void> => {
      const state = await stateNow();
      if (isBusy(state)) {
        throw new AppError("conflict", "Locust is busy with a run that was started there.");
      }
      await swarm(run, run.targetUsers ?? 1, run.spawnRate ?? 1);
    },
    setUsers: async (run: LoadTestRun, users: number, spawnRate: number): Promise<void> => {
      const state = await stateNow();
      if (!LOADING.has(state)) {
        const message = `Locust has no load whose users could be changed: it is ${JSON.stringify(state)}.`;
        throw new AppError("conflict", message);
      }
      await swarm(run, users, spawnRate);
    },
    stop,
    /**
     * Stops the load that may be left of a run that is over; never one that has begun since. Rejects with AppError
     * unavailable while that cannot be told.
     */
    end: async (run: LoadTestRun): Promise<void> => {
      const reply = await read();
      if (reply.kind === "silent") {
        throw new AppError("unavailable", `Load may be left: ${reply.message}`);
      }
      const { stats } = reply;
      const fewer = snapshotOf(stats).totalRequests < knownOf(run).requests;
      if (!fewer && !isAnothers(run, stats)) await stop();
    },
    /** Nothing more is asked of this run. */
    forget: (runId: string): void => {
      known.delete(runId);
      commanded.delete(runId);
    },
    probe: async (): Promise<ClusterProbe> => {
      const reply = await read();
      if (reply.kind === "silent") return { state: "unreachable", message: reply.message };
      const { stats } = reply;
      const busy = isBusy(stats.state);
      const now = systemClock.monotonic();
      if (busy) {
        idleSince = undefined;
        return { state: "busy", message: "Locust is busy with a run that was started there." };
      }
      const engine = { workers: (stats.workers ?? []).length };
      const streak = idleSince !== undefined && now - lookedAt < STREAK_MS ? idleSince : now;
      [idleSince, lookedAt] = [streak, now];
      if (now - streak >= MEMO_MS) return { state: "idle", engine };
      return {
        state: "unknown",
        message: "Locust seems idle; it is queried at again before a run is started.",
        engine,
      };
    },
  };
};
