import { basename } from "node:path";
import { messageOf } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import { endProcesses, processesBelow } from "./processes.ts";

const LOOK_MS = 30_000;

/**
 * Ends Locust processes that nobody looks after any more: of runs that are settled, or that the store does not know. Only
 * processes that carry a folder in `runsFolder` in their environment, and who is in their sessions, are ever touched.
 */
export const createOrphanReaper = (deps: {
  readonly runsFolder: string;
  /** Whose data say which runs there are; processes of other data in the same folder are left alone. */
  readonly store: string;
  /** Whether somebody looks after this run. Rejects where that cannot be known just now: nothing is ended then. */
  readonly isWanted: (runId: string) => Promise<boolean>;
  readonly log: Log;
}) => {
  const { runsFolder, store, isWanted, log } = deps;
  let timer: NodeJS.Timeout | undefined;
  let current: Promise<void> = Promise.resolve();
  let ending = false;

  const end = async (folder: string): Promise<void> => {
    const list = async () =>
      (await processesBelow(runsFolder, store)).filter((process) => process.folder === folder);
    await endProcesses(list, async ({ signal, pids }) => {
      log.warn(
        { runId: basename(folder), signal, pids },
        "processes of a run that is over were left; they are ended",
      );
    });
  };

  const look = async (): Promise<void> => {
    const folders = new Set((await processesBelow(runsFolder, store)).map(({ folder }) => folder));
    for (const folder of folders) {
      try {
        if (!(await isWanted(basename(folder)))) await end(folder);
      } catch (error) {
        log.warn({ folder, error: messageOf(error) }, "processes of a run could not be ended");
      }
    }
  };
  const next = (): void => {
    current = look().finally(() => {
      if (!ending) timer = setTimeout(next, LOOK_MS);
    });
  };

  return {
    start: next,
    stop: async (): Promise<void> => {
      ending = true;
      clearTimeout(timer);
      await current;
    },
  };
};
