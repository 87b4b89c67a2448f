import type { LoadTestRun } from "@load-manager/contract/run.ts";
import { writeRun } from "./apply.ts";
import { killAt } from "../domain/deadline.ts";
import type { RunDeps } from "../deps.ts";
import { recordEvent } from "../journal/events.ts";
import { holdRun, SYSTEM } from "../ownership/leases.ts";
import { POLICY } from "../domain/policy.ts";
import { isTerminal } from "../domain/states.ts";

/**
 * A look at a run on another machine, whose processes cannot be reached from here. While a server there lives it is that
 * one's. Else nothing is known of the run; when all load must have ended it is over. Answers the run once it is this
 * server's to settle.
 */
export const reconcileRemoteRun = async (
  deps: RunDeps,
  run: LoadTestRun,
): Promise<LoadTestRun | undefined> => {
  const lease = await deps.stores.leases.get(run.locustClusterId, run.slot ?? 0);
  const { holder, isGone, term } = deps.membership;
  if (lease === undefined || term() === undefined) return undefined;
  if (lease.holder === holder && lease.runId === run.id)
    return isTerminal(run.status) ? run : fail(deps, run);
  if (!(await isGone(lease.holder))) return undefined;
  // A stop since then has not been heard there.
  const { stopSentAt: _, ...unstopped } = run;
  const certain = killAt(unstopped) ?? run.updatedAt;
  if (deps.clock.now() > certain + POLICY.hostLostMs) {
    const hold = await holdRun(deps, run);
    if (hold === undefined) return undefined;
    return isTerminal(hold.run.status) ? hold.run : fail(deps, hold.run);
  }
  if (!isTerminal(run.status) && run.health !== "unknown") {
    const now = deps.clock.now();
    const message = `No server is running on ${run.hostId ?? "the machine"} that this run was started on: nothing is known of it.`;
    const healthReason = { code: "host_unknown", message, since: now };
    const unknown = await deps.stores.runs.update(
      run.id,
      { version: run.version, fence: run.fence },
      { health: "unknown", healthReason, updatedAt: now, updatedBy: SYSTEM },
    );
    if (unknown !== undefined) {
      await recordEvent(deps.stores.events, run.id, {
        id: `health:${unknown.version}`,
        at: now,
        type: "health",
        message,
        data: { health: "unknown", code: "host_unknown", hostId: run.hostId ?? null },
      });
    }
  }
  return undefined;
};

const fail = (deps: RunDeps, run: LoadTestRun): Promise<LoadTestRun | undefined> =>
  writeRun(
    deps,
    { run, fence: run.fence },
    {
      status: "Failed",
      statusReason: {
        code: "host_lost",
        message: `The machine ${run.hostId ?? ""} that this run was started on has not been heard of; by now its load must have ended.`,
      },
      finishedAt: deps.clock.now(),
    },
  );
