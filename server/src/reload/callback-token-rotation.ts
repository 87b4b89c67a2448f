import type { LoadTestRun } from "@load-manager/contract/run.ts";
import type { Logger } from "pino";
import type { ClusterRegistry } from "../clusters/registry.ts";
import { messageOf } from "../lib/errors.ts";
import type { RunDeps } from "../runs/deps.ts";
import { isTerminal } from "../runs/domain/states.ts";

const AGAIN_MS = 5000;

type Deps = {
  readonly registry: ClusterRegistry;
  readonly runs: Pick<RunDeps, "stores" | "membership">;
  readonly log: Logger;
};

/**
 * Active runs learn the new callback token. What a plugin cannot be told now is a warning, and told again until it has
 * heard, or the run has ended.
 */
export const createTelling = ({
  registry,
  runs,
  log,
}: Deps): ((open: readonly LoadTestRun[]) => Promise<string[]>) => {
  /** With the change that each has not heard of: an answer to an earlier one does not count. */
  const untold = new Map<string, number>();
  let changes = 0;
  let timer: NodeJS.Timeout | undefined;

  /** Rejects where the plugin did not hear it. Another server's run is that one's to tell. */
  const tell = async (run: LoadTestRun): Promise<void> => {
    const lease = await runs.stores.leases.get(run.locustClusterId, run.slot ?? 0);
    if (lease?.holder !== runs.membership.holder || lease.runId !== run.id) return;
    await registry.of(run).attach({ run, fence: run.fence });
  };

  const again = async ([runId, change]: readonly [string, number]): Promise<void> => {
    try {
      const run = await runs.stores.runs.get(runId);
      if (run !== undefined && !isTerminal(run.status)) {
        await tell(run);
        log.info({ runId }, "the plugin was told the new callback token");
      }
      if (untold.get(runId) === change) untold.delete(runId);
    } catch {
      // It has been said once.
    }
  };

  const later = (): void => {
    if (untold.size === 0 || timer !== undefined) return;
    timer = setTimeout(() => {
      void Promise.all([...untold].map(again)).then(() => {
        timer = undefined;
        later();
      });
    }, AGAIN_MS).unref();
  };

  return async (open) => {
    changes += 1;
    const failed = await Promise.all(
      open
        .filter((run) => run.status !== "Pending" && !isTerminal(run.status))
        .map(async (run) => {
          try {
            await tell(run);
            untold.delete(run.id);
            return [];
          } catch (error) {
            untold.set(run.id, changes);
            return [
              `The run ${run.id} was not told the new callback token, and is told again every ${AGAIN_MS / 1000} s: ${messageOf(error)}`,
            ];
          }
        }),
    );
    later();
    return failed.flat();
  };
};
