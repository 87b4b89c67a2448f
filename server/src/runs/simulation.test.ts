import type { LoadTest } from "@load-manager/contract/load-test.ts";
import type { LoadTestRun } from "@load-manager/contract/run.ts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { noFailpoints } from "../lib/failpoints.ts";
import { createMemoryStores } from "../stores/memory/stores.ts";
import { handleTestStart, handleTestStop } from "./callbacks.ts";
import { stopTestRun } from "./control.ts";
import { createTestRun } from "./create.ts";
import { soleMember } from "./membership.ts";
import { killAt } from "./deadline.ts";
import type { RunDeps } from "./deps.ts";
import { admitPending } from "./pending.ts";
import { isTerminal } from "./run.ts";
import { crashingStores, Killed } from "./simulation/crashing-stores.ts";
import { type Fault, simulatedLocust } from "./simulation/locust.ts";
import { type Memory, stepRun } from "./step.ts";

/** One thing that happens between two looks of the loop. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("pass" as const),
      ms: fc.integer({ min: 200, max: 4000 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("pass" as const),
      ms: fc.integer({ min: 4000, max: 60_000 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("fault" as const),
      fault: fc.constantFrom<Fault>("lost-call", "lost-reply", "refused"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("kill-server" as const),
      calls: fc.integer({ min: 1, max: 12 }),
      after: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "kill-master" as const,
        "stop" as const,
        "stop-in-page" as const,
        "told-start" as const,
        "told-stop" as const,
        "lose-finals" as const,
        "no-answers" as const,
      ),
    }),
  },
);
type Step = Parameters<Parameters<typeof step.map>[0]>[0];

const variant = fc.constantFrom(
  { kind: "local", plugin: true } as const,
  { kind: "attached", plugin: true } as const,
  { kind: "attached", plugin: false } as const,
);

const definition: LoadTest = {
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

const world = async (kind: "local" | "attached", plugin: boolean) => {
  let now = 1_000_000;
  let servers = 0;
  let ids = 0;
  const base = createMemoryStores();
  await base.revisions.create(
    {
      id: "revision",
      loadTestId: definition.id,
      revisionNumber: 1,
      entrypoint: "locustfile.py",
      files: [],
      sha256: "",
      createdAt: 0,
      createdBy: "test",
    },
    new Map(),
  );
  await base.loadTests.create(definition);
  const crashing = crashingStores(base);
  const locust = simulatedLocust({ kind, plugin, now: () => now });
  const server = (stores: RunDeps["stores"]): RunDeps => ({
    stores,
    clusters: new Map([["sim", locust.adapter]]),
    figures: locust.figures,
    clock: { now: () => now, monotonic: () => now },
    ids: { next: () => `id-${(ids += 1)}`, of: (name) => name },
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    membership: soleMember(`server-${(servers += 1)}`),
    hostId: "here",
    failpoint: noFailpoints,
    limits: {
      maxDurationSeconds: 60,
      pendingTimeoutSeconds: 600,
      metricsPollIntervalSeconds: 2,
    },
  });
  let deps = server(crashing.stores);
  let memory: Memory = {};
  return {
    base,
    locust,
    crashing,
    calm: () => server(base),
    now: () => now,
    pass: (ms: number, served = true) => {
      for (let left = ms; left > 0; left -= 500) {
        now += Math.min(500, left);
        locust.pass(Math.min(500, left), served);
      }
    },
    /** One look of the loop at everything; a killed server is started again before the next. */
    look: async (runId: string): Promise<void> => {
      try {
        await admitPending(deps, await deps.stores.runs.unsettled());
        await stepRun(deps, runId, memory);
      } catch (error) {
        if (!(error instanceof Killed)) return;
        crashing.revive();
        deps = server(crashing.stores);
        memory = {};
      }
    },
  };
};

const play = async (
  variantOf: { kind: "local" | "attached"; plugin: boolean },
  steps: readonly Step[],
) => {
  const it = await world(variantOf.kind, variantOf.plugin);
  const run = await createTestRun(
    it.calm(),
    definition,
    { tags: [] },
    { name: "t", trigger: "api" },
  );
  const terminal: LoadTestRun[] = [];
  const stored = async (): Promise<LoadTestRun> => {
    const current = await it.base.runs.get(run.id);
    if (current === undefined) throw new Error("an accepted run was lost");
    if (isTerminal(current.status)) terminal.push(current);
    return current;
  };
  let served = true;
  for (const next of steps) {
    if (next.do === "pass") it.pass(next.ms, served);
    else if (next.do === "fault") it.locust.disturbNext(next.fault);
    else if (next.do === "kill-server") it.crashing.killAfter(next.calls, next.after);
    else if (next.do === "kill-master") it.locust.killMaster();
    else if (next.do === "stop") await stopTestRun(it.calm(), run.id, { name: "t" });
    else if (next.do === "stop-in-page") it.locust.stopInPage();
    else if (next.do === "told-start") await handleTestStart(it.calm(), await stored());
    else if (next.do === "told-stop") await handleTestStop(it.calm(), await stored(), {});
    else if (next.do === "lose-finals") it.locust.loseFinals();
    else served = false;
    await it.look(run.id);
    await stored();
  }
  for (let calm = 0; calm < 400 && (await stored()).settledAt === undefined; calm += 1) {
    it.pass(1000, served);
    await it.look(run.id);
  }
  return { it, run: await stored(), terminal };
};

describe("whatever happens to a run", () => {
  test("it ends in exactly one state, is started at most once, leaves no load, and is settled", async () => {
    await fc.assert(
      fc.asyncProperty(variant, fc.array(step, { maxLength: 40 }), async (variantOf, steps) => {
        const { it, run, terminal } = await play(variantOf, steps);
        expect(isTerminal(run.status)).toBe(true);
        expect(run.settledAt).toBeDefined();
        expect(run.statusReason?.code).toBeDefined();
        expect(new Set(terminal.map(({ status }) => status)).size).toBe(1);
        for (const [attempt, starts] of it.locust.starts)
          expect([attempt, starts]).toEqual([attempt, 1]);
        it.pass(2000);
        for (const load of it.locust.loads()) {
          expect(load.stopIssuedAt !== undefined || load.endedAt !== undefined).toBe(true);
        }
        const loadTest = await it.base.loadTests.get(definition.id);
        expect(loadTest?.recentRuns.map(({ id }) => id)).toEqual([run.id]);
        const lease = await it.base.leases.get("sim", 0);
        expect(lease?.runId).toBeUndefined();
      }),
      { numRuns: 2000, endOnFailure: false },
    );
  });

  test("undisturbed it is Finished by its duration, and stopped by hand it is Stopped", async () => {
    const quiet = Array.from({ length: 5 }, () => ({ do: "pass", ms: 1000 }) as const);
    for (const kind of ["local", "attached"] as const) {
      const finished = await play({ kind, plugin: true }, quiet);
      expect([finished.run.status, finished.run.endCause]).toEqual([
        "Finished",
        "duration_reached",
      ]);
      const stopped = await play({ kind, plugin: true }, [...quiet, { do: "stop" }]);
      expect([stopped.run.status, stopped.run.endCause]).toEqual(["Stopped", "stopped_by_user"]);
    }
  });

  test("load ends by the time that is promised, though the server is dead from its start on", async () => {
    const it = await world("local", true);
    const run = await createTestRun(
      it.calm(),
      definition,
      { tags: [] },
      { name: "t", trigger: "api" },
    );
    for (let look = 0; look < 5; look += 1) await it.look(run.id);
    it.pass(600_000);
    const [load] = it.locust.loads();
    const seen = await it.base.runs.get(run.id);
    expect(load?.endedAt).toBeLessThanOrEqual(killAt(seen ?? run) ?? 0);
  });
});
