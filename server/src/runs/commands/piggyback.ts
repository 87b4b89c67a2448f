import type { PluginCommand } from "@load-manager/contract/locust.ts";
import type { LoadTestRun } from "@load-manager/contract/run.ts";
import type { z } from "zod";

/**
 * What the plugin is asked to do in the answer to its figures, so that a stop also works where the server cannot
 * reach the master. The same command has the same id, and may be carried out again.
 */
export const commandsFor = (run: LoadTestRun): z.output<typeof PluginCommand>[] => {
  const { id: runId, fence, commandedLoad } = run;
  // Stats that arrive for a run that was given up show that its load goes on.
  const left = run.status === "Failed" && run.trigger !== "external";
  if (run.status === "Stopping" || left)
    return [{ id: `stop:${fence}`, type: "stop", runId, fence }];
  if (run.status !== "Running" || commandedLoad === undefined) return [];
  const { at, targetUsers: users, spawnRate } = commandedLoad;
  return [{ id: `users:${at}`, type: "setUsers", runId, fence, users, spawnRate, at }];
};
