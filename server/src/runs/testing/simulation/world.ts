import type { LoadTest } from "@load-manager/contract/model/load-test.ts";
import { createMemoryStores } from "../../../stores/memory/stores.ts";
import type { Stores } from "../../../stores/ports.ts";
import { createTestRun } from "../../commands/create.ts";
import {
  createHeartbeats,
  type Heartbeats,
  type Membership,
  soleMember,
} from "../../ownership/membership.ts";
import { admitPending, awaitedClusters } from "../../controller/admission.ts";
import { reconcileRun, type RunMemory } from "../../controller/reconcile-run.ts";
import { POLICY } from "../../domain/policy.ts";
import { assemble, type Parts, type Services } from "../services.ts";
import { onlyCluster, simulatedCluster } from "./clusters.ts";
import { type Disturbance, disturbedStores, Killed } from "./disturbed-stores.ts";
import { recordingStores } from "./history.ts";
import { TESTER } from "../../../stores/testing/fixtures.ts";

export type Variant = {
  readonly kind: "local" | "attached";
  readonly plugin: boolean;
  readonly servers: 1 | 2;
  /** Matters for a local cluster: servers on one host share the run folders. */
  readonly hosts: 1 | 2;
  readonly runs: 1 | 2 | 3;
  /** The runs have stages with pauses; only with the plugin. Absent: their users are constant. */
  readonly stages?: true;
};

/** As long as the load test's default duration. */
const STAGES = {
  kind: "stages" as const,
  stages: [
    { durationSeconds: 4, users: 0 },
    { durationSeconds: 6, users: 5, spawnRate: 2 },
    { durationSeconds: 4, users: 0 },
    { durationSeconds: 6, users: 3 },
  ],
};

const LOG = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export const definition: LoadTest = {
  id: "load-test",
  name: "Simulated",
  accountId: "a",
  orgId: "o",
  projectId: "p",
  tags: [],
  targetUrl: "http://127.0.0.1:1",
  defaultUsers: 5,
  defaultSpawnRate: 1,
  defaultDurationSec: 20,
  stopTimeoutSeconds: 2,
  loadProfile: { kind: "constant" },
  lastRunNumber: 0,
  recentRuns: [],
  recentRunsVersion: 0,
  createdAt: 0,
  createdBy: "test",
  updatedAt: 0,
  updatedBy: "test",
  version: 1,
  latestRevisionId: "revision",
};

type Server = {
  readonly disturbed: ReturnType<typeof disturbedStores>;
  readonly host: string;
  deps: Services;
  beats: Heartbeats | undefined;
  beatAt: number;
  memories: Map<string, RunMemory>;
  currentPass: Promise<void> | undefined;
  /** The times until which the server is down, asleep, or cut off from the store. */
  downUntil: number;
  asleepUntil: number;
  awayUntil: number;
  /** How long the next death or sleep takes. */
  nextMs: number;
};

/** One or two servers, one store, one cluster, and a clock that only the history advances. */
export const createWorld = async (variant: Variant) => {
  let now = 1_000_000;
  let starts = 0;
  let ids = 0;
  const memory: Stores = { ...createMemoryStores(), shared: variant.servers === 2 };
  const revision = {
    id: "revision",
    loadTestId: definition.id,
    revisionNumber: 1,
    entrypoint: "locustfile.py",
    files: [],
    sha256: "",
    createdAt: 0,
    createdBy: "test",
  };
  await memory.revisions.create(revision, new Map());
  await memory.loadTests.create(definition);
  const { stores: base, history } = recordingStores(memory);
  const cluster = simulatedCluster({ ...variant, now: () => now });
  const clock = { now: () => now, monotonic: () => now, wall: () => now };

  const membershipOf = (
    stores: Stores,
    holder: string,
  ): Pick<Server, "beats"> & {
    readonly membership: Membership;
  } => {
    const sole = soleMember(holder);
    if (variant.servers === 1) return { beats: undefined, membership: sole };
    const { leases } = stores;
    const beats = createHeartbeats({ leases, holder, clock, awakeOrAsleep: () => now, log: LOG });
    const { isGone, term, heartbeatAgeMs } = beats;
    return { beats, membership: { ...sole, isGone, term, heartbeatAgeMs } };
  };

  const partsOf = (stores: Stores, host: string): Pick<Server, "beats"> & { parts: Parts } => {
    const { beats, membership } = membershipOf(stores, `server-${(starts += 1)}`);
    const isFar = host !== "host-0" && variant.kind === "local";
    const parts = {
      stores,
      membership,
      clusters: onlyCluster(isFar ? cluster.fromAfar : cluster.adapter),
      metrics: { ...cluster.metrics, deleteRun: stores.metrics.deleteRun },
      clock,
      ids: { next: () => `id-${(ids += 1)}`, of: (name: string) => name },
      hostId: host,
    };
    return { beats, parts };
  };
  const depsOf = (stores: Stores, host: string): Pick<Server, "deps" | "beats"> => {
    const { beats, parts } = partsOf(stores, host);
    return { beats, deps: assemble(parts) };
  };

  const servers = Array.from({ length: variant.servers }, (_, index): Server => {
    const disturbed = disturbedStores(base);
    const host = variant.hosts === 2 && index === 1 ? "host-1" : "host-0";
    return {
      disturbed,
      host,
      ...depsOf(disturbed.stores, host),
      beatAt: Number.NEGATIVE_INFINITY,
      memories: new Map(),
      currentPass: undefined,
      downUntil: 0,
      asleepUntil: 0,
      awayUntil: 0,
      nextMs: 1000,
    };
  });

  const restart = (server: Server): void => {
    server.disturbed.revive();
    Object.assign(server, depsOf(server.disturbed.stores, server.host));
    server.beatAt = Number.NEGATIVE_INFINITY;
    server.memories = new Map();
  };

  const beat = async (server: Server): Promise<void> => {
    if (server.beats === undefined || now - server.beatAt < POLICY.heartbeatMs) return;
    server.beatAt = now;
    await server.beats.beat();
  };

  /** Ignores an error, as the loop does: the next pass tries again. */
  const tolerate = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (error instanceof Killed) throw error;
    }
  };

  const onePass = async (server: Server): Promise<void> => {
    const { deps } = server;
    try {
      await tolerate(() => beat(server));
      await tolerate(async () => {
        const open = await deps.runs.unsettled();
        for (const clusterId of awaitedClusters(open)) await admitPending(deps, clusterId, open);
      });
      await tolerate(async () => {
        for (const run of await deps.runs.unsettled()) {
          if (run.status === "Pending") continue;
          const known = server.memories.get(run.id) ?? {};
          server.memories.set(run.id, known);
          await tolerate(() => reconcileRun(deps, run.id, known));
        }
      });
    } catch {
      server.downUntil = now + server.nextMs;
    }
  };

  /** Waits until the pass ends or the server falls asleep during it. */
  const untilQuiet = async (server: Server): Promise<void> => {
    if (server.currentPass === undefined) return;
    if (!server.disturbed.isAsleep()) {
      await Promise.race([server.currentPass, server.disturbed.sleeping()]);
    }
    if (server.disturbed.isAsleep()) server.asleepUntil = now + server.nextMs;
  };

  const reconcile = async (server: Server): Promise<void> => {
    if (now < server.downUntil) return;
    if (server.downUntil > 0) {
      server.downUntil = 0;
      restart(server);
    }
    server.disturbed.setAway(now < server.awayUntil);
    if (server.disturbed.isAsleep()) {
      if (now < server.asleepUntil) return;
      server.disturbed.wake();
      await untilQuiet(server);
      return;
    }
    if (server.currentPass !== undefined) return;
    const currentPass = onePass(server).finally(() => {
      server.currentPass = undefined;
    });
    server.currentPass = currentPass;
    await untilQuiet(server);
  };

  const at = (index: number): Server => {
    const server = servers[index % servers.length];
    if (server === undefined) throw new Error("there is no server");
    return server;
  };

  return {
    base,
    cluster,
    history,
    now: () => now,
    /** The services of a server without faults, for API calls; `replaced` replaces parts of it. */
    calm: (replaced: Partial<Parts> = {}): Services =>
      assemble({ ...partsOf(base, "host-0").parts, ...replaced }),
    create: () => {
      const deps = depsOf(base, "host-0").deps;
      const profile = variant.stages === undefined ? {} : { loadProfile: STAGES };
      return createTestRun(deps, definition, { tags: [], ...profile }, TESTER, deps.ids.next());
    },
    /** Calls to the store by the server that made the most. */
    calls: (): number => Math.max(...servers.map(({ disturbed }) => disturbed.calls())),
    advance: (ms: number, served = true): void => {
      for (let left = ms; left > 0; left -= 500) {
        now += Math.min(500, left);
        cluster.advance(Math.min(500, left), served);
      }
    },
    reconcileAll: async (): Promise<void> => {
      for (const server of servers) await reconcile(server);
    },
    disturb: (index: number, disturbance: Disturbance, ms: number): void => {
      at(index).nextMs = ms;
      at(index).disturbed.disturb(disturbance);
    },
    /** The machine is off: every server is down for `ms`. */
    allDown: (ms: number): void => {
      for (const server of servers) {
        if (server.currentPass === undefined) server.downUntil = now + ms;
      }
    },
    cutOff: (index: number, ms: number): void => {
      at(index).awayUntil = now + ms;
    },
    /** SIGTERM: the server frees its leases at once, and is started again after `ms`. */
    leave: async (index: number, ms: number): Promise<void> => {
      const server = at(index);
      if (server.currentPass !== undefined || now < server.downUntil) return;
      await base.leases.leave(server.deps.ownership.holder);
      server.downUntil = now + ms;
    },
    /** Ends every fault. */
    heal: (): void => {
      for (const server of servers) {
        server.disturbed.calm();
        server.awayUntil = 0;
        server.asleepUntil = 0;
        server.downUntil = Math.min(server.downUntil, now);
      }
    },
  };
};
