import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Clock } from "../../lib/clock.ts";
import type { ForcedStep } from "../../runs/domain/observation.ts";
import { createPluginClient, type PluginClient } from "../plugin/client.ts";
import { type CallbackAddresses, pluginCommands } from "../plugin/commands.ts";
import { type ClusterAdapter, loadCommandsFor } from "../port.ts";
import type { ClusterConfig } from "../select-cluster.ts";
import { createEngineReader } from "./engine.ts";
import { observeLocal } from "./observe.ts";
import { createPackages } from "./packages.ts";
import { endProcesses } from "./processes.ts";
import { createRunProcesses } from "./run-processes.ts";

type LocalConfig = Extract<ClusterConfig, { readonly kind: "local" }>;

type Deps = CallbackAddresses & {
  readonly runsFolder: string;
  /** The identity of the store that has the runs. */
  readonly store: string;
  readonly python: string;
  /** Where environments with the packages of scripts are kept. */
  readonly environmentsFolder: string;
  /** Of the server's environment, what pip needs to find packages as the operator wants. */
  readonly pipEnvironment: Readonly<Record<string, string>>;
  readonly clock: Clock;
};

/** A cluster whose Locust processes are started for each run, on this machine. */
export const createLocal = (config: LocalConfig, deps: Deps): ClusterAdapter => {
  const processes = createRunProcesses(deps.runsFolder, config.workers);
  const { folderOf } = processes;
  const packages = createPackages({ ...deps, isAllowed: config.allowPackages === true });

  const engine = createEngineReader(deps.python, deps.clock);

  const clientAt = (webPort: number): PluginClient =>
    createPluginClient(`http://127.0.0.1:${webPort}`, deps.callbackTokens, deps.clock);
  const clientOf = async (run: LoadTestRun): Promise<PluginClient> => {
    const master = await folderOf(run.id).role("master");
    if (master?.webPort === undefined) throw new Error("the Locust master is not ready");
    return clientAt(master.webPort);
  };

  return {
    config,
    observe: (run) => observeLocal({ processes, packages, clientAt }, run),
    probe: async () => {
      const versions = engine();
      return { state: "idle", ...(versions === undefined ? {} : { engine: versions }) };
    },
    spooled: (run) => folderOf(run.id).spooled(),
    remove: (runId) => folderOf(runId).remove(),
    commands: {
      prepare: async ({ run }, script, onPackages) => {
        const isFirst = !(await processes.wasStarted(run.id, "master"));
        const noted = isFirst ? onPackages : async () => {};
        const python = await packages.pythonFor(folderOf(run.id), script.requirements, noted);
        if (python === undefined) return;
        await processes.startMissing(run, script, {
          store: deps.store,
          python,
          maxEndpoints: config.maxEndpoints,
          urls: deps.callbackUrls(),
          token: deps.callbackTokens()[0] ?? "",
        });
      },
      ...loadCommandsFor(async (run) =>
        pluginCommands(deps, await clientOf(run), { quitWorkers: true }),
      ),
      kill: ({ run }, onForcedStep) => endProcesses(() => processes.find(run), onForcedStep),
      cleanUp: async (run, onForcedStep) => {
        // Processes of an ended run always get a SIGTERM, so only a SIGKILL is worth an event.
        const onKill = async (step: ForcedStep): Promise<void> => {
          if (step.signal === "SIGKILL") await onForcedStep(step);
        };
        await endProcesses(() => processes.find(run), onKill);
        processes.forget(run.id);
        packages.forget(folderOf(run.id));
      },
    },
  };
};
