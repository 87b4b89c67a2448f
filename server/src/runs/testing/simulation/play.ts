import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import fc from "fast-check";
import { handleTestStart, handleTestStop } from "../../commands/locust-callbacks.ts";
import { changeLoad } from "../../commands/change-load.ts";
import { stopTestRun } from "../../commands/stop.ts";
import type { Disturbance } from "./disturbed-stores.ts";
import { brokenPromises } from "./history.ts";
import type { Fault } from "./locust.ts";
import { createWorld, definition, type Variant } from "./world.ts";
import { TESTER } from "../../../stores/testing/fixtures.ts";

const advance = (min: number, max: number) =>
  fc.record({ do: fc.constant("advance" as const), ms: fc.integer({ min, max }) });
const server = fc.integer({ min: 0, max: 1 });

/** One event between two reconcile passes. */
export const step = fc.oneof(
  { weight: 8, arbitrary: advance(200, 4000) },
  { weight: 1, arbitrary: advance(4000, 60_000) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("fault" as const),
      fault: fc.constantFrom<Fault>("lost-call", "lost-reply", "refused"),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("disturb" as const),
      server,
      ms: fc.integer({ min: 100, max: 40_000 }),
      calls: fc.integer({ min: 1, max: 14 }),
      what: fc.constantFrom<Disturbance["what"]>(
        "kill-before",
        "kill-after",
        "pause-before",
        "pause-after",
        "lost-reply",
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom("cut-off" as const, "leave" as const),
      server,
      ms: fc.integer({ min: 500, max: 40_000 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "kill-master" as const,
        "stop" as const,
        "stop-in-page" as const,
        "callback-start" as const,
        "callback-stop" as const,
        "lose-finals" as const,
        "no-answers" as const,
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "down" as const,
        "metrics-away" as const,
        "users" as const,
        "other-start" as const,
        "other-stop" as const,
      ),
      ms: fc.integer({ min: 10_000, max: 200_000 }),
    }),
  },
);
export type Step = Parameters<Parameters<typeof step.map>[0]>[0];

export const variant: fc.Arbitrary<Variant> = fc
  .record({
    where: fc.constantFrom(
      { kind: "local", plugin: true } as const,
      { kind: "local", plugin: true, stages: true } as const,
      { kind: "attached", plugin: true, stages: true } as const,
      { kind: "attached", plugin: true } as const,
      { kind: "attached", plugin: false } as const,
    ),
    servers: fc.constantFrom(1 as const, 2 as const),
    hosts: fc.constantFrom(1 as const, 1 as const, 2 as const),
    runs: fc.constantFrom(1 as const, 1 as const, 2 as const, 3 as const),
  })
  .map(({ where, ...rest }) => ({ ...where, ...rest }));

/** Plays a history and then some time without faults. Returns the runs and the broken promises. */
export const play = async (
  variantOf: Variant,
  steps: readonly Step[],
): Promise<{ readonly runs: LoadTestRun[]; readonly broken: string[] }> => {
  const it = await createWorld(variantOf);
  const ids: string[] = [];
  for (let left: number = variantOf.runs; left > 0; left -= 1) ids.push((await it.create()).id);
  const stored = async (): Promise<LoadTestRun[]> =>
    (await Promise.all(ids.map((id) => it.base.runs.get(id)))).filter((run) => run !== undefined);
  const newest = async (): Promise<LoadTestRun | undefined> => {
    const runs = await stored();
    return runs.findLast(({ status }) => status !== "Pending") ?? runs[0];
  };
  let served = true;
  let stoppedInPage = false;
  const stopped = new Set<string>();
  for (const next of steps) {
    const run = await newest();
    if (next.do === "advance") {
      // The servers make a pass every second. A longer step is a sleep of the whole machine.
      const slices = next.ms > 4000 ? 1 : Math.ceil(next.ms / 1000);
      for (let slice = 0; slice < slices; slice += 1) {
        it.advance(next.ms / slices, served);
        await it.reconcileAll();
      }
    } else if (next.do === "fault") it.cluster.disturbNext(next.fault);
    else if (next.do === "disturb") it.disturb(next.server, next, next.ms);
    else if (next.do === "cut-off") it.cutOff(next.server, next.ms);
    else if (next.do === "leave") await it.leave(next.server, next.ms);
    else if (next.do === "kill-master") it.cluster.killMaster();
    else if (next.do === "stop-in-page") {
      stoppedInPage = true;
      it.cluster.stopInPage();
    } else if (next.do === "lose-finals") it.cluster.loseFinals();
    else if (next.do === "no-answers") served = false;
    else if (next.do === "down") it.allDown(next.ms);
    else if (next.do === "metrics-away") it.cluster.metricsAway(next.ms);
    else if (next.do === "other-start") it.cluster.otherStart();
    else if (next.do === "other-stop") {
      stoppedInPage ||= !variantOf.plugin;
      it.cluster.otherStop();
    } else if (next.do === "users") {
      if (run?.status === "Running" && run.loadProfile.kind === "constant")
        await changeLoad(it.calm(), run.id, { targetUsers: 3 + (next.ms % 3) }, TESTER);
    } else if (run !== undefined) {
      const deps = it.calm();
      if (next.do === "stop") {
        stopped.add(run.id);
        await stopTestRun(deps, run.id, undefined, TESTER);
      } else if (next.do === "callback-start") await handleTestStart(deps, run, TESTER);
      else if (run.status !== "Pending") {
        stoppedInPage = true;
        // The callback reads metrics, which may be unreadable; Locust ignores the answer.
        await handleTestStop(deps, run, {}, TESTER).catch(() => {});
      }
    }
    await it.reconcileAll();
  }
  const open = async () => (await stored()).some(({ settledAt }) => settledAt === undefined);
  for (let calm = 0; calm < 900 && (await open()); calm += 1) {
    it.heal();
    if (calm > 60) it.cluster.otherStop();
    it.advance(1000, served);
    await it.reconcileAll();
  }
  // Servers that were asleep have woken by now; this lets them finish what they still do.
  for (let calm = 0; calm < 5; calm += 1) {
    it.heal();
    it.cluster.otherStop();
    it.advance(1000);
    await it.reconcileAll();
  }
  const loadTest = await it.base.loadTests.get(definition.id);
  const runs = await stored();
  const recorded = new Map<string, unknown[]>();
  for (const { id } of runs) {
    const { items } = await it.base.events.list(id, { limit: 500 });
    recorded.set(
      id,
      items.filter(({ type }) => type === "status").map(({ data }) => data?.["to"]),
    );
  }
  const { cluster } = it;
  const [starts, loads, intrusions] = [cluster.starts(), cluster.loads(), cluster.intrusions()];
  const probe = await it.create();
  const waits = async () => (await it.base.runs.get(probe.id))?.status === "Pending";
  for (let calm = 0; calm < 30 && (await waits()); calm += 1) {
    it.heal();
    it.advance(1000);
    await it.reconcileAll();
  }
  return {
    runs,
    broken: brokenPromises({
      history: { ...it.history, accepted: ids },
      runs,
      starts,
      intrusions,
      loads,
      plugin: variantOf.plugin,
      stopped,
      stoppedInPage,
      recorded,
      witnessed: cluster.witnessed(),
      recentRuns: loadTest?.recentRuns.map(({ id }) => id) ?? [],
      slotIsFree: !(await waits()),
    }),
  };
};
