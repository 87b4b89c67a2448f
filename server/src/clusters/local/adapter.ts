import { setTimeout as sleep } from "node:timers/promises";
import type { LoadTestRun } from "@load-manager/contract/run.ts";
import { createPluginClient, type PluginClient } from "../plugin/client.ts";
import { pluginCommands } from "../plugin/commands.ts";
import { observationOf } from "../plugin/observation.ts";
import type { ClusterAdapter, ForcedStep, Hold, Observation } from "../port.ts";
import type { ClusterConfig } from "../select-cluster.ts";
import { type RoleFile, type RunFolder, runFolder } from "./folder.ts";
import { endProcesses, isAlive, type ProcessId, processesOf } from "./processes.ts";
import { type Child, launchMaster, launchWorker } from "./spawn.ts";

type LocalConfig = Extract<ClusterConfig, { readonly kind: "local" }>;

/** How long one preparation waits for the master's ports; the next look prepares again. */
const PORTS_MS = 20_000;

const workerRoles = (workers: number): string[] =>
  Array.from({ length: workers }, (_, index) => `worker-${index + 1}`);

/** Locust processes that are started for each run, on this machine, in a folder of the run's own. */
export const createLocal = (
  config: LocalConfig,
  deps: {
    readonly runsFolder: string;
    /** Names the data that know the runs. */
    readonly store: string;
    readonly python: string;
    readonly callbackTokens: () => readonly string[];
    readonly callbackUrls: () => readonly string[];
  },
): ClusterAdapter => {
  const commands = pluginCommands(deps);
  const roles = workerRoles(config.workers);
  const children = new Map<string, Map<string, Child>>();
  const folderOf = (runId: string): RunFolder => runFolder(deps.runsFolder, runId);
  const childrenOf = (runId: string): Map<string, Child> => {
    const known = children.get(runId) ?? new Map<string, Child>();
    children.set(runId, known);
    return known;
  };

  const clientOf = async (run: LoadTestRun): Promise<PluginClient> => {
    const master = await folderOf(run.id).role("master");
    if (master?.webPort === undefined) throw new Error("the Locust master is not ready");
    return createPluginClient(`http://127.0.0.1:${master.webPort}`, deps.callbackTokens);
  };

  /** Started before, by this server or by one before it; a process that has written nothing yet is found by its environment. */
  const wasStarted = async (folder: RunFolder, runId: string, role: string): Promise<boolean> =>
    childrenOf(runId).has(role) ||
    (await folder.role(role)) !== undefined ||
    (await processesOf(folder.path)).some((process) => process.role === role);

  const dead = async (run: LoadTestRun, role: string, how: string): Promise<Observation> => {
    const logTail = await folderOf(run.id).logTail(role);
    const noUsers = logTail.some((line) => line.includes("No User class found"));
    const before = run.status === "Starting" && run.startSent === undefined;
    return {
      kind: "dead",
      code: noUsers
        ? "no_user_class"
        : before || role !== "master"
          ? "locust_exited"
          : "master_lost",
      message: noUsers
        ? "The script has no User class, so there is nothing to run."
        : `Locust's ${role} process is gone (${how}).`,
      logTail,
    };
  };

  const waiting = (workers = 0): Observation => ({
    kind: "ready",
    workers,
    workersExpected: config.workers,
    engine: {},
  });

  /** A worker that died before load was started will not come: better told at once than after a timeout. */
  const deadWorker = async (run: LoadTestRun): Promise<Observation | undefined> => {
    for (const role of roles) {
      const file = await folderOf(run.id).role(role);
      const ended = childrenOf(run.id).get(role)?.ended();
      if (ended !== undefined || (file !== undefined && !(await isAlive(file)))) {
        return dead(run, role, ended?.message ?? "it ended");
      }
    }
    return undefined;
  };

  const observeMaster = async (run: LoadTestRun, master: RoleFile): Promise<Observation> => {
    if (!(await isAlive(master))) {
      return dead(run, "master", childrenOf(run.id).get("master")?.ended()?.message ?? "it ended");
    }
    if (master.webPort === undefined) return waiting();
    const reply = await (await clientOf(run)).status();
    if (reply.kind === "no-plugin") return waiting();
    if (reply.kind === "silent") {
      return { kind: "unreachable", refused: false, message: reply.message };
    }
    const seen = observationOf(run, reply.status, config.workers);
    return seen.kind === "ready" ? ((await deadWorker(run)) ?? seen) : seen;
  };

  const findProcesses = async (runId: string): Promise<ProcessId[]> => {
    const folder = folderOf(runId);
    // What a script has made of the files must not keep its processes alive.
    const file = (role: string) => folder.role(role).catch(() => undefined);
    const files = await Promise.all(["master", ...roles].map(file));
    const launched = files.filter((known) => known !== undefined);
    return process.platform === "linux" ? processesOf(folder.path, launched) : launched;
  };

  return {
    config,
    observe: async (run) => {
      const folder = folderOf(run.id);
      const master = await folder.role("master");
      if (master !== undefined) return observeMaster(run, master);
      const child = childrenOf(run.id).get("master");
      const ended = child?.ended();
      if (ended !== undefined) return dead(run, "master", ended.message);
      return (await wasStarted(folder, run.id, "master")) ? waiting() : { kind: "nothing" };
    },
    prepare: async ({ run }, script) => {
      const folder = folderOf(run.id);
      const launch = {
        run,
        folder,
        store: deps.store,
        python: deps.python,
        maxEndpoints: config.maxEndpoints,
        urls: deps.callbackUrls(),
        token: deps.callbackTokens()[0] ?? "",
      };
      if (!(await wasStarted(folder, run.id, "master"))) {
        await folder.write(script);
        childrenOf(run.id).set("master", launchMaster(launch));
      }
      const masterPort = await portOf(
        folder,
        () => childrenOf(run.id).get("master")?.ended() !== undefined,
      );
      if (masterPort === undefined) return;
      for (const role of roles) {
        if (!(await wasStarted(folder, run.id, role))) {
          childrenOf(run.id).set(role, launchWorker(launch, role, masterPort));
        }
      }
    },
    attach: async (hold) => commands.attach(await clientOf(hold.run), hold),
    start: async (hold) => commands.start(await clientOf(hold.run), hold),
    setUsers: async (hold, targetUsers, spawnRate) =>
      commands.setUsers(await clientOf(hold.run), hold, targetUsers, spawnRate),
    stop: async (hold: Hold) => commands.stop(await clientOf(hold.run), hold),
    kill: ({ run }, told) => endProcesses(() => findProcesses(run.id), told),
    spooled: (run) => folderOf(run.id).spooled(),
    cleanUp: async (run, told) => {
      // That a process of a run that is over is asked to end is the usual way, and no news.
      const killed = async (step: ForcedStep): Promise<void> => {
        if (step.signal === "SIGKILL") await told(step);
      };
      await endProcesses(() => findProcesses(run.id), killed);
      children.delete(run.id);
    },
    remove: (runId) => folderOf(runId).remove(),
    probe: async () => ({ state: "idle" }),
  };
};

const portOf = async (folder: RunFolder, gone: () => boolean): Promise<number | undefined> => {
  for (let waited = 0; waited < PORTS_MS; waited += 50) {
    const master = await folder.role("master");
    if (master?.masterPort !== undefined) return master.masterPort;
    if (gone() || (master !== undefined && !(await isAlive(master)))) return undefined;
    await sleep(50);
  }
  return undefined;
};
