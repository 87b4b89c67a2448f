import { basename } from "node:path";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { messageOf } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import { createPeriodic } from "../../lib/periodic.ts";
import { POLICY } from "../../runs/domain/policy.ts";
import { endProcesses, processesBelow } from "./processes.ts";

/**
 * Ends orphan processes: Locust processes whose run is settled, or that the store does not know. Only processes that name
 * a folder in `runsFolder` in their environment, and those in their sessions, are ever touched.
 */
export const createOrphanReaper = (deps: {
  readonly runsFolder: string;
  /** The identity of the store that has the runs; processes of other stores in the same folder are left alone. */
  readonly store: string;
  /** Where it rejects, nothing is ended. */
  readonly runOf: (runId: string) => Promise<Pick<LoadTestRun, "settledAt"> | undefined>;
  readonly log: Log;
}) => {
  const { runsFolder, store, runOf, log } = deps;

  const isOrphan = async (runId: string): Promise<boolean> => {
    const run = await runOf(runId);
    return run === undefined || run.settledAt !== undefined;
  };

  const end = async (folder: string): Promise<void> => {
    const list = async () =>
      (await processesBelow(runsFolder, store)).filter((process) => process.folder === folder);
    await endProcesses(list, async ({ signal, pids }) => {
      log.warn(
        { event: "orphan_processes_ended", runId: basename(folder), signal, pids },
        "Processes of a run that is over were still running; they are ended.",
      );
    });
  };

  const scan = async (): Promise<void> => {
    const folders = new Set((await processesBelow(runsFolder, store)).map(({ folder }) => folder));
    for (const folder of folders) {
      try {
        if (await isOrphan(basename(folder))) await end(folder);
      } catch (error) {
        log.warn(
          { event: "orphan_processes_left", folder, error: messageOf(error) },
          "Orphan processes of a run could not be ended; the next scan tries again.",
        );
      }
    }
  };

  const { start, stop } = createPeriodic({
    name: "orphan_scan",
    intervalMs: POLICY.orphanScanMs,
    job: scan,
    log,
  });
  return { start, stop };
};
