import { withoutValues } from "@load-manager/contract/model/hidden-values.ts";
import { hiddenTextsOf } from "@load-manager/contract/model/script-options.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { LoadState, Observation } from "../../runs/domain/observation.ts";
import type { PluginClient } from "../plugin/client.ts";
import { observationOf, PLUGIN_CAPABILITIES } from "../plugin/observation.ts";
import { exceptionIn } from "./exception-in-log.ts";
import type { RoleFile } from "./folder.ts";
import { isAlive } from "./processes.ts";
import type { Packages } from "./packages.ts";
import type { RunProcesses } from "./run-processes.ts";

/** How many lines of a process's log a reason has, for people. */
const TAIL_LINES = 15;

type Deps = {
  readonly processes: RunProcesses;
  readonly packages: Packages;
  readonly clientAt: (webPort: number) => PluginClient;
};

/** What the processes of a run, and the plugin in its master, prove about it. */
export const observeLocal = async (deps: Deps, run: LoadTestRun): Promise<Observation> => {
  const { processes } = deps;
  const master = await processes.folderOf(run.id).role("master");
  if (master !== undefined) return observeMaster(deps, run, master);
  const end = processes.endOf(run.id, "master");
  if (end !== undefined) return dead(deps, run, "master", end);
  return (await processes.wasStarted(run.id, "master"))
    ? waiting(deps, run)
    : observePackages(deps, run);
};

/** Before the master is started its packages are installed. */
const observePackages = async (
  { processes, packages }: Deps,
  run: LoadTestRun,
): Promise<Observation> => {
  const folder = processes.folderOf(run.id);
  const state = await packages.stateOf(folder);
  switch (state.kind) {
    case "installing":
      return { kind: "preparing" };
    case "failed": {
      const logTail = (await folder.logEnd("packages")).slice(-TAIL_LINES);
      const message = `The packages of the script could not be installed: ${state.message}`;
      return { kind: "dead", code: "packages_not_installed", message, logTail };
    }
    case "absent":
    case "ready":
      return { kind: "nothing" };
  }
};

const observeMaster = async (
  deps: Deps,
  run: LoadTestRun,
  master: RoleFile,
): Promise<Observation> => {
  const { processes } = deps;
  if (!(await isAlive(master))) {
    return dead(deps, run, "master", processes.endOf(run.id, "master") ?? "it ended");
  }
  if (master.webPort === undefined) return waiting(deps, run);
  const reply = await deps.clientAt(master.webPort).status();
  if (reply.kind === "no-plugin") return waiting(deps, run);
  if (reply.kind !== "status") {
    return { kind: "unreachable", refused: false, message: reply.message };
  }
  const seen = observationOf(run, reply.status, processes.workerRolesOf(run).length);
  if (seen.kind === "ready") return (await deadWorker(deps, run)) ?? seen;
  if (seen.kind !== "load" || run.status !== "Starting" || seen.load.requests > 0) return seen;
  const workersFailed = await failedWorkers(deps, run);
  return workersFailed === undefined ? seen : { ...seen, load: { ...seen.load, workersFailed } };
};

/** The master has started, and cannot be asked yet. */
const waiting = ({ processes }: Deps, run: LoadTestRun): Observation => ({
  kind: "ready",
  workers: 0,
  workersExpected: processes.workerRolesOf(run).length,
  engine: {},
  capabilities: PLUGIN_CAPABILITIES,
});

/** How a worker has ended; `undefined` while it is there. */
const workerEnd = async (
  { processes }: Deps,
  run: LoadTestRun,
  role: string,
): Promise<string | undefined> => {
  const end = processes.endOf(run.id, role);
  if (end !== undefined) return end;
  const file = await processes.folderOf(run.id).role(role);
  return file !== undefined && !(await isAlive(file)) ? "it ended" : undefined;
};

/** A worker that died before the load was started will not connect, so the run fails at once and not after a timeout. */
const deadWorker = async (deps: Deps, run: LoadTestRun): Promise<Observation | undefined> => {
  for (const role of deps.processes.workerRolesOf(run)) {
    const end = await workerEnd(deps, run, role);
    if (end !== undefined) return dead(deps, run, role, end);
  }
  return undefined;
};

/**
 * Why no worker is left. A worker connects before the script's listeners of `init` are called, so the start may have been sent
 * when one of them ends it: Locust itself notices only that its workers are silent.
 */
const failedWorkers = async (deps: Deps, run: LoadTestRun): Promise<LoadState["workersFailed"]> => {
  const roles = deps.processes.workerRolesOf(run);
  let failed: LoadState["workersFailed"];
  for (const role of roles) {
    const how = await workerEnd(deps, run, role);
    if (how === undefined) return undefined;
    if (failed !== undefined) continue;
    const { exception, logTail } = await lastWords(deps, run, role, how);
    if (exception === undefined && !/^exit code [^0]/.test(how)) continue;
    const whose = roles.length === 1 ? "The worker" : `All ${roles.length} workers`;
    const cause = exception ?? logTail.findLast((line) => line.trim() !== "") ?? "its log is empty";
    const message = `${whose} ended before the load began. ${role} (${how}): ${cause}.`;
    failed = { message, logTail };
  }
  return failed;
};

/** The end of a process's log, and the exception with which it has ended. */
const lastWords = async ({ processes }: Deps, run: LoadTestRun, role: string, how: string) => {
  const hidden = [...Object.values(run.environment ?? {}), ...hiddenTextsOf(run.scriptOptions)];
  const log = (await processes.folderOf(run.id).logEnd(role)).map((line) =>
    withoutValues(line, hidden),
  );
  // Whoever ends a process by a signal need not care about what it raised before.
  const exception = how.startsWith("ended by ") ? undefined : exceptionIn(log);
  return { exception, logTail: log.slice(-TAIL_LINES) };
};

const dead = async (
  deps: Deps,
  run: LoadTestRun,
  role: string,
  how: string,
): Promise<Observation> => {
  const { exception, logTail } = await lastWords(deps, run, role, how);
  if (logTail.some((line) => line.includes("No User class found"))) {
    const message = "The script has no User class, so there is nothing to run.";
    return { kind: "dead", code: "no_user_class", message, logTail };
  }
  const beforeLoad = run.status === "Starting" && run.startSent === undefined;
  const raised = exception === undefined ? "" : `: ${exception}`;
  return {
    kind: "dead",
    code: beforeLoad || role !== "master" ? "locust_exited" : "master_lost",
    message: `Locust's ${role} process is gone (${how})${raised}.`,
    logTail,
  };
};
