import { setTimeout as sleep } from "node:timers/promises";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { RunScript } from "../port.ts";
import { type RunFolder, runFolder } from "./folder.ts";
import { isAlive, type ProcessId, processesOf } from "./processes.ts";
import { type Child, type Launch, launchMaster, launchWorker } from "./spawn.ts";

/** How long one preparation waits for the master's ports; the next pass prepares again. */
const PORTS_MS = 20_000;

type WorkersOf = Pick<LoadTestRun, "workers">;

/** The Locust processes of runs, on this machine, each run in a folder of its own. */
export type RunProcesses = {
  readonly workerRolesOf: (run: WorkersOf) => readonly string[];
  readonly folderOf: (runId: string) => RunFolder;
  /** Why a process that this server started has ended; `undefined` where it runs or was started by another server. */
  readonly endOf: (runId: string, role: string) => string | undefined;
  /**
   * Whether this server, or one before it, has started the process. One that has written nothing yet is found by its
   * environment.
   */
  readonly wasStarted: (runId: string, role: string) => Promise<boolean>;
  /** Starts the processes that have not been started: the master, then, once it listens, the workers. */
  readonly startMissing: (
    run: LoadTestRun,
    script: RunScript,
    launch: Omit<Launch, "run" | "folder" | "entrypoint">,
  ) => Promise<void>;
  /** Every process of the run that is there. */
  readonly find: (run: WorkersOf & Pick<LoadTestRun, "id">) => Promise<ProcessId[]>;
  readonly forget: (runId: string) => void;
};

/** `defaultWorkers`: of a run that an older version has created, without a number. */
export const createRunProcesses = (runsFolder: string, defaultWorkers: number): RunProcesses => {
  const workerRolesOf = ({ workers = defaultWorkers }: WorkersOf) =>
    Array.from({ length: workers }, (_, index) => `worker-${index + 1}`);
  const children = new Map<string, Map<string, Child>>();
  const folderOf = (runId: string): RunFolder => runFolder(runsFolder, runId);
  const childrenOf = (runId: string): Map<string, Child> => {
    const known = children.get(runId) ?? new Map<string, Child>();
    children.set(runId, known);
    return known;
  };
  const endOf = (runId: string, role: string): string | undefined =>
    children.get(runId)?.get(role)?.ended()?.message;

  const wasStarted = async (runId: string, role: string): Promise<boolean> => {
    const folder = folderOf(runId);
    return (
      childrenOf(runId).has(role) ||
      (await folder.role(role)) !== undefined ||
      (await processesOf(folder.path)).some((process) => process.role === role)
    );
  };

  return {
    workerRolesOf,
    folderOf,
    endOf,
    wasStarted,
    startMissing: async (run, script, options) => {
      const folder = folderOf(run.id);
      const launch = { ...options, run, folder, entrypoint: script.entrypoint };
      if (!(await wasStarted(run.id, "master"))) {
        await folder.write(script.files);
        childrenOf(run.id).set("master", launchMaster(launch));
      }
      const port = await masterPort(folder, () => endOf(run.id, "master") !== undefined);
      if (port === undefined) return;
      for (const role of workerRolesOf(run)) {
        if (await wasStarted(run.id, role)) continue;
        childrenOf(run.id).set(role, launchWorker(launch, role, port));
      }
    },
    find: async (run) => {
      const folder = folderOf(run.id);
      // A script may have damaged the files; its processes must end all the same.
      const file = (role: string) => folder.role(role).catch(() => undefined);
      const files = await Promise.all(["master", ...workerRolesOf(run)].map(file));
      const launched = files.filter((known) => known !== undefined);
      return process.platform === "linux" ? processesOf(folder.path, launched) : launched;
    },
    forget: (runId) => {
      children.delete(runId);
    },
  };
};

/** The port at which the master waits for workers; `undefined` where it has ended or takes too long. */
const masterPort = async (
  folder: RunFolder,
  hasEnded: () => boolean,
): Promise<number | undefined> => {
  for (let waited = 0; waited < PORTS_MS; waited += 50) {
    const master = await folder.role("master");
    if (master?.masterPort !== undefined) return master.masterPort;
    if (hasEnded() || (master !== undefined && !(await isAlive(master)))) return undefined;
    await sleep(50);
  }
  return undefined;
};
