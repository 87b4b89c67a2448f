import type { LoadTestRun, RunStatus } from "@load-manager/contract/model/run.ts";
import type { ClusterAdapter, Hold } from "../../clusters/port.ts";
import { messageOf } from "../../lib/errors.ts";
import { finishDeletion } from "../commands/delete.ts";
import type { Facts } from "../domain/actions.ts";
import { decide } from "../domain/decide.ts";
import type { Observation } from "../domain/observation.ts";
import { nextPhases } from "../domain/phases.ts";
import { holdsSlot, isTerminal } from "../domain/states.ts";
import { recordCurrentStatus } from "../journal/events.ts";
import { guardedByTerm } from "../ownership/term-guard.ts";
import { apply } from "./apply.ts";
import { type FactsMemory, gatherFacts } from "./gather-facts.ts";
import { reconcileRemoteRun } from "./remote-host.ts";
import { drainSpool, settleRun, type SettleMemory } from "./settle.ts";

/** What one server remembers of a run between two passes. */
export type RunMemory = FactsMemory &
  SettleMemory & {
    /** The status whose event is known to be stored. */
    recordedStatus?: RunStatus;
    /** Whether a pass has changed the status since this was last reset: the next step need not wait for the next tick. */
    hasMoved?: boolean;
    attachedFence?: number | undefined;
  };

/** What a pass and its steps use. */
export type ReconcileDeps = Parameters<typeof apply>[0]["deps"] &
  Parameters<typeof gatherFacts>[0] &
  Parameters<typeof settleRun>[0] &
  Parameters<typeof finishDeletion>[0];

/** One pass over one run: observe, decide, act. True once nothing is left to do for the run. */
export const reconcileRun = async (
  deps: ReconcileDeps,
  runId: string,
  memory: RunMemory,
): Promise<boolean> => {
  const { ownership } = deps;
  const run = await deps.runs.get(runId);
  if (run === undefined || run.settledAt !== undefined) {
    // Another server may have settled it, so this one must drop what it remembers.
    deps.metrics.forget(runId);
    deps.clusters.forget(runId);
    return true;
  }
  if (run.status === "Pending") return true;
  if (run.deletingAt !== undefined) {
    await finishDeletion(deps, run);
    return true;
  }
  if (ownership.isRemote(run)) {
    const ended = await reconcileRemoteRun(deps, run);
    return ended !== undefined && (await settleRun(deps, ended, memory)) !== undefined;
  }
  if (isTerminal(run.status)) return settle(deps, run, memory);
  const adapter = guardedByTerm(deps.clusters.of(run), ownership);
  const hold = await ownership.holdRun(run);
  if (hold === undefined) return false;
  if (memory.recordedStatus !== run.status) {
    await recordCurrentStatus(deps.events, hold.run);
    memory.recordedStatus = run.status;
  }
  const seen = await observeHeld(deps, adapter, hold, memory);
  // What the plugin could not send before its process ended says how the load ended.
  if (seen.kind === "dead") await drainSpool(deps, hold.run);
  const facts = await gatherFacts(deps, hold.run, seen, memory);
  await act(deps, adapter, await withPhases(deps, hold, seen), seen, facts, memory);
  return false;
};

/** Only the holder of its slot settles a run that had one. */
const settle = async (
  deps: ReconcileDeps,
  run: LoadTestRun,
  memory: RunMemory,
): Promise<boolean> => {
  const { ownership } = deps;
  const held = holdsSlot(run) && ownership.sharedStore ? (await ownership.holdRun(run))?.run : run;
  return held !== undefined && (await settleRun(deps, held, memory)) !== undefined;
};

const observe = (adapter: ClusterAdapter, run: LoadTestRun): Promise<Observation> =>
  adapter.observe(run).catch((error: unknown) => ({
    kind: "unreachable",
    refused: false,
    message: messageOf(error),
  }));

/** Sends the fence and address of the new holder before anything else, where the cluster knows fences. True where it was sent. */
const attach = async (
  deps: ReconcileDeps,
  adapter: ClusterAdapter,
  hold: Hold,
  seen: Observation,
  memory: RunMemory,
): Promise<boolean> => {
  // A master that has only just been started does not answer yet, and has no instance.
  const answers =
    seen.kind === "load" || (seen.kind === "ready" && seen.masterInstanceId !== undefined);
  const knowsFences = answers && seen.capabilities.restartSafeStart;
  if (!knowsFences || memory.attachedFence === hold.fence) return false;
  try {
    await adapter.commands.attach(hold);
    memory.attachedFence = hold.fence;
    return true;
  } catch (error) {
    deps.log.warn(
      { event: "attach_failed", runId: hold.run.id, error: messageOf(error) },
      "The plugin did not take the command that names the server which manages the run now.",
    );
    return false;
  }
};

/** Observes after the cluster knows this fence: until then a command of an earlier holder may still take effect. */
const observeHeld = async (
  deps: ReconcileDeps,
  adapter: ClusterAdapter,
  hold: Hold,
  memory: RunMemory,
): Promise<Observation> => {
  const seen = await observe(adapter, hold.run);
  return (await attach(deps, adapter, hold, seen, memory)) ? observe(adapter, hold.run) : seen;
};

/** Stores the ramp and steady phases as they are observed. */
const withPhases = async (deps: ReconcileDeps, hold: Hold, seen: Observation): Promise<Hold> => {
  if (seen.kind !== "load") return hold;
  const phases = nextPhases(hold.run, seen.load, deps.clock.now());
  if (phases === undefined) return hold;
  const run = await deps.writer.write(hold.run, { phases }, hold.fence);
  return run === undefined ? hold : { run, fence: hold.fence };
};

const act = async (
  deps: ReconcileDeps,
  adapter: ClusterAdapter,
  hold: Hold,
  seen: Observation,
  facts: Facts,
  memory: RunMemory,
): Promise<void> => {
  const onStopSent = (): void => {
    memory.stopSentAt = deps.clock.monotonic();
    memory.firstStopAt ??= memory.stopSentAt;
  };
  let run: LoadTestRun | undefined = hold.run;
  for (const action of decide(hold.run, seen, facts)) {
    try {
      const { preparedAgoMs } = facts;
      const now = { run, fence: hold.fence };
      const context = { deps, adapter, hold: now, seen, preparedAgoMs, onStopSent };
      run = await apply(context, action);
      if (action.do === "transition" && run !== undefined) memory.hasMoved = true;
    } catch (error) {
      const name = action.do === "transition" ? action.status : action.do;
      deps.log.warn(
        { event: "action_failed", runId: hold.run.id, action: name, error: messageOf(error) },
        "An action on a run failed; the next pass decides again.",
      );
      if (action.do !== "stop" && action.do !== "kill") return;
    }
    if (run === undefined) return;
  }
};
