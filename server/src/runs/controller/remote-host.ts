import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Clock } from "../../lib/clock.ts";
import type { RunEventStore } from "../../stores/model/event-store.ts";
import { killAt } from "../domain/deadline.ts";
import { hostLost } from "../domain/outcomes.ts";
import { POLICY } from "../domain/policy.ts";
import { isTerminal } from "../domain/states.ts";
import { writeHealth } from "../journal/health.ts";
import type { RunWriter } from "../journal/run-writer.ts";
import type { Ownership } from "../ownership/leases.ts";

type Deps = {
  readonly writer: RunWriter;
  readonly events: RunEventStore;
  readonly ownership: Ownership;
  readonly clock: Pick<Clock, "now">;
};

/**
 * One pass over a run on another machine, whose processes this server cannot reach. While a server there lives, the run is
 * that server's. Otherwise nothing is known of it, and when all its load must have ended it has failed. Answers the run
 * once this server must settle it.
 */
export const reconcileRemoteRun = async (
  deps: Deps,
  run: LoadTestRun,
): Promise<LoadTestRun | undefined> => {
  const { ownership, clock } = deps;
  const lease = await ownership.leaseOf(run.locustClusterId, run.slot ?? 0);
  if (lease === undefined || ownership.term() === undefined) return undefined;
  if (lease.holder === ownership.holder && lease.runId === run.id) {
    return isTerminal(run.status) ? run : fail(deps, run);
  }
  if (!(await ownership.isGone(lease.holder))) return undefined;
  // A stop that was requested since then has not reached that machine.
  const { stopSentAt: _, ...unstopped } = run;
  const loadEndedBy = killAt(unstopped) ?? run.updatedAt;
  if (clock.now() > loadEndedBy + POLICY.hostLostMs) {
    const hold = await ownership.holdRun(run);
    if (hold === undefined) return undefined;
    return isTerminal(hold.run.status) ? hold.run : fail(deps, hold.run);
  }
  if (!isTerminal(run.status)) await markUnknown(deps, run);
  return undefined;
};

const markUnknown = async (deps: Deps, run: LoadTestRun): Promise<void> => {
  const machine = run.hostId ?? "the machine";
  const action = {
    do: "health",
    health: "unknown",
    reason: {
      code: "host_unknown",
      message: `No server is running on ${machine} that started this run, so nothing is known of it.`,
      since: deps.clock.now(),
    },
  } as const;
  await writeHealth(deps, run, run.fence, action, { hostId: run.hostId ?? null });
};

const fail = ({ writer, clock }: Deps, run: LoadTestRun): Promise<LoadTestRun | undefined> =>
  writer.write(
    run,
    {
      status: "Failed",
      statusReason: hostLost(run.hostId),
      finishedAt: clock.now(),
    },
    run.fence,
  );
