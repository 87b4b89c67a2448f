import type { Actor } from "@load-manager/contract/model/actor.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Clock } from "../../lib/clock.ts";
import { stale } from "../../lib/errors.ts";
import { stoppedBy } from "../domain/outcomes.ts";
import { isTerminal } from "../domain/states.ts";
import type { RunWriter } from "../journal/run-writer.ts";

type Deps = { readonly writer: RunWriter; readonly clock: Pick<Clock, "now"> };

/**
 * Stores the intent to stop; the controller carries it out. A Pending run ends at once; an ended one stays as it is.
 * Rejects with AppError stale where `ifMatch` is another version.
 */
export const stopTestRun = (
  deps: Deps,
  id: string,
  why: string | undefined,
  actor: Actor,
  ifMatch?: number,
): Promise<LoadTestRun> => {
  const statusReason = stoppedBy(actor.name, why);
  return deps.writer.change(
    id,
    (run) => {
      const now = deps.clock.now();
      if (ifMatch !== undefined && ifMatch !== run.version) throw stale("run", id);
      if (isTerminal(run.status) || run.status === "Stopping") return undefined;
      if (run.status === "Pending") {
        return { status: "Stopped", endCause: "stopped_by_user", statusReason, finishedAt: now };
      }
      return { status: "Stopping", endCause: "stopped_by_user", statusReason, stoppingAt: now };
    },
    actor,
  );
};
