import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { ClusterRegistry } from "../clusters/registry.ts";
import { messageOf } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import { createPeriodic, type Periodic } from "../lib/periodic.ts";
import { isTerminal } from "../runs/domain/states.ts";
import type { Ownership } from "../runs/ownership/leases.ts";
import type { RunReader } from "../stores/model/load-test-run.ts";

const AGAIN_MS = 5000;

type Deps = {
  readonly registry: ClusterRegistry;
  readonly runs: Pick<RunReader, "get">;
  readonly ownership: Pick<Ownership, "holder" | "leaseOf">;
  readonly log: Log;
};

/**
 * Sends the new callback token to the plugins of active runs, and answers a warning for each plugin that did not take it.
 * Those are tried again until they have it or their run has ended.
 */
export const createTokenRotation = ({
  registry,
  runs,
  ownership,
  log,
}: Deps): ((open: readonly LoadTestRun[]) => Promise<string[]>) => {
  /** The number of the rotation that each run has not received: success of an earlier one does not count. */
  const pending = new Map<string, number>();
  let rotations = 0;
  let retry: Periodic | undefined;

  /** Rejects where the plugin did not take the token. Runs of other servers are left to those. */
  const send = async (run: LoadTestRun): Promise<void> => {
    const lease = await ownership.leaseOf(run.locustClusterId, run.slot ?? 0);
    if (lease?.holder !== ownership.holder || lease.runId !== run.id) return;
    await registry.of(run).commands.attach({ run, fence: run.fence });
  };

  const sendAgain = async ([runId, rotation]: readonly [string, number]): Promise<void> => {
    try {
      const run = await runs.get(runId);
      if (run !== undefined && !isTerminal(run.status)) {
        await send(run);
        log.info(
          { event: "callback_token_sent", runId },
          "The plugin of a run has received the new callback token.",
        );
      }
      if (pending.get(runId) === rotation) pending.delete(runId);
    } catch {
      // The warning of the first try names the run; the next try follows.
    }
  };

  const scheduleRetry = (): void => {
    if (pending.size === 0 || retry !== undefined) return;
    retry = createPeriodic({
      name: "callback_token_rotation",
      intervalMs: AGAIN_MS,
      pauseFirst: true,
      log,
      job: async () => {
        await Promise.all([...pending].map(sendAgain));
        if (pending.size > 0) return undefined;
        retry = undefined;
        return "done";
      },
    });
    retry.start();
  };

  const sendFirst = async (run: LoadTestRun): Promise<string[]> => {
    try {
      await send(run);
      pending.delete(run.id);
      return [];
    } catch (error) {
      pending.set(run.id, rotations);
      return [
        `The plugin of run ${run.id} did not receive the new callback token; it is sent again every ${AGAIN_MS / 1000} s: ${messageOf(error)}`,
      ];
    }
  };

  return async (open) => {
    rotations += 1;
    const active = open.filter((run) => run.status !== "Pending" && !isTerminal(run.status));
    const warnings = await Promise.all(active.map(sendFirst));
    scheduleRetry();
    return warnings.flat();
  };
};
