import type { LoadTestRun, RunStatus } from "@load-manager/contract/run.ts";
import type { ClusterAdapter, Hold, Observation } from "../../clusters/port.ts";
import { messageOf } from "../../lib/errors.ts";
import { apply, writeRun } from "./apply.ts";
import { finishDeletion } from "../commands/stop.ts";
import type { RunDeps } from "../deps.ts";
import { reconcileRemoteRun } from "./remote-host.ts";
import { recordOwnStatus } from "../journal/events.ts";
import { gatherFacts, type KnownFacts } from "./gather-facts.ts";
import { guardedBy } from "../ownership/term-guard.ts";
import { holdRun, isElsewhere } from "../ownership/leases.ts";
import { nextPhases } from "../domain/phases.ts";
import type { Facts } from "../domain/actions.ts";
import { reconcile } from "../domain/decide.ts";
import { holdsSlot, isTerminal } from "../domain/states.ts";
import { settleRun } from "./settle.ts";

/** What one server remembers of a run between two looks, on its monotonic clock. */
export type Memory = KnownFacts & {
  /** The state whose event is known to be stored. */
  told?: RunStatus;
  attachedFence?: number | undefined;
  summaryFailedSince?: number;
};

/** One look at one run: observe, decide, act. `true` once nothing is left to do for it. */
export const reconcileRun = async (
  deps: RunDeps,
  runId: string,
  memory: Memory,
): Promise<boolean> => {
  const run = await deps.stores.runs.get(runId);
  if (run === undefined || run.settledAt !== undefined) {
    // Perhaps by another server: nobody else tells this one that it may forget.
    deps.figures.forget(runId);
    return true;
  }
  if (run.status === "Pending") return true;
  if (run.deletingAt !== undefined) {
    await finishDeletion(deps, run);
    return true;
  }
  if (isElsewhere(deps, run)) {
    const over = await reconcileRemoteRun(deps, run);
    return over !== undefined && (await settleRun(deps, over, memory)) !== undefined;
  }
  if (isTerminal(run.status)) return settle(deps, run, memory);
  const adapter = guardedBy(deps.clusters.of(run), deps.membership);
  const hold = await holdRun(deps, run);
  if (hold === undefined) return false;
  if (memory.told !== run.status) {
    await recordOwnStatus(deps.stores.events, hold.run);
    memory.told = run.status;
  }
  const seen = await observeHeld(deps, adapter, hold, memory);
  const facts = await gatherFacts(deps, hold.run, seen, memory);
  await act(deps, adapter, await withPhases(deps, hold, seen), seen, facts, memory);
  return false;
};

/** A run that had a slot is settled by who holds that. */
const settle = async (deps: RunDeps, run: LoadTestRun, memory: Memory): Promise<boolean> => {
  const mine = holdsSlot(run) && deps.stores.shared ? (await holdRun(deps, run))?.run : run;
  return mine !== undefined && (await settleRun(deps, mine, memory)) !== undefined;
};

const observe = (adapter: ClusterAdapter, run: LoadTestRun): Promise<Observation> =>
  adapter.observe(run).catch((error: unknown) => ({
    kind: "unreachable",
    refused: false,
    message: messageOf(error),
  }));

/** Whoever has taken over tells the plugin its fence and its address before anything else. */
const attach = async (
  deps: RunDeps,
  adapter: ClusterAdapter,
  hold: Hold,
  seen: Observation,
  memory: Memory,
): Promise<boolean> => {
  const there =
    seen.kind === "load" || (seen.kind === "ready" && seen.masterInstanceId !== undefined);
  if (!there || memory.attachedFence === hold.fence) return false;
  try {
    await adapter.attach(hold);
    memory.attachedFence = hold.fence;
    return true;
  } catch (error) {
    deps.log.warn(
      { runId: hold.run.id, error: messageOf(error) },
      "the plugin could not be attached",
    );
    return false;
  }
};

/** What is seen once the cluster knows this fence: until then an older holder's command may still take effect. */
const observeHeld = async (
  deps: RunDeps,
  adapter: ClusterAdapter,
  hold: Hold,
  memory: Memory,
): Promise<Observation> => {
  const seen = await observe(adapter, hold.run);
  return (await attach(deps, adapter, hold, seen, memory)) ? observe(adapter, hold.run) : seen;
};

/** Ramp-up and steady load as they were seen; kept beside the state. */
const withPhases = async (deps: RunDeps, hold: Hold, seen: Observation): Promise<Hold> => {
  if (seen.kind !== "load") return hold;
  const phases = nextPhases(hold.run, seen.load, deps.clock.now());
  if (phases === undefined) return hold;
  const run = await writeRun(deps, hold, { phases });
  return run === undefined ? hold : { run, fence: hold.fence };
};

const act = async (
  deps: RunDeps,
  adapter: ClusterAdapter,
  hold: Hold,
  seen: Observation,
  facts: Facts,
  memory: Memory,
): Promise<void> => {
  const stopSent = (): void => {
    memory.stopSentAt = deps.clock.monotonic();
    memory.firstStopAt ??= memory.stopSentAt;
  };
  let run: LoadTestRun | undefined = hold.run;
  for (const action of reconcile(hold.run, seen, facts)) {
    try {
      run = await apply(
        { deps, adapter, hold: { run, fence: hold.fence }, seen, stopSent },
        action,
      );
    } catch (error) {
      const what = action.do === "become" ? action.status : action.do;
      deps.log.warn(
        { runId: hold.run.id, action: what, error: messageOf(error) },
        "an action did not succeed",
      );
      if (action.do !== "stop" && action.do !== "kill") return;
    }
    if (run === undefined) return;
  }
};
