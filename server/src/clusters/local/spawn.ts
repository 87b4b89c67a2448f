import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { delimiter, dirname, isAbsolute } from "node:path";
import { fileURLToPath } from "node:url";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { hiddenOptionsOf, optionValuesOf } from "@load-manager/contract/model/script-options.ts";
import type { RunFolder } from "./folder.ts";

const PLUGIN_FOLDER = fileURLToPath(new URL("../../../../locust-plugin", import.meta.url));

/** A process that this server started, and how it ended. */
export type Child = {
  readonly pid: number | undefined;
  readonly ended: () => { readonly message: string } | undefined;
};

export type Launch = {
  readonly run: LoadTestRun;
  readonly folder: RunFolder;
  /** The path of the file that Locust is given, within the script. */
  readonly entrypoint: string;
  /** The identity of the store that has the run. */
  readonly store: string;
  readonly python: string;
  readonly maxEndpoints: number | undefined;
  readonly urls: readonly string[];
  readonly token: string;
};

/** A user's script gets nothing of the server's environment but what a Python program needs. */
export const processEnvironment = (
  python: string,
  folder: RunFolder,
  variables: Readonly<Record<string, string>> | undefined,
) => ({
  PATH: [
    ...(isAbsolute(python) ? [dirname(python)] : []),
    "/usr/local/bin",
    "/usr/bin",
    "/bin",
  ].join(delimiter),
  HOME: folder.path,
  TMPDIR: `${folder.path}/tmp`,
  LANG: "C.UTF-8",
  ...variables,
  PYTHONPATH: PLUGIN_FOLDER,
  // Until Locust loads the script: a file of the script must not be imported in the place of a module that Locust needs.
  PYTHONSAFEPATH: "1",
  PYTHONUNBUFFERED: "1",
  PYTHONDONTWRITEBYTECODE: "1",
});

const environment = (
  { run, folder, store, python, maxEndpoints, urls, token }: Launch,
  role: string,
) => ({
  ...processEnvironment(python, folder, run.environment),
  LOAD_MANAGER_URL: urls.join(","),
  LOAD_MANAGER_TOKEN: token,
  LOAD_MANAGER_ACCOUNT_ID: run.accountId,
  LOAD_MANAGER_ORG_ID: run.orgId,
  LOAD_MANAGER_PROJECT_ID: run.projectId,
  ...(run.envId === undefined ? {} : { LOAD_MANAGER_ENV_ID: run.envId }),
  LOAD_MANAGER_RUN_DIR: folder.path,
  LOAD_MANAGER_STORE_ID: store,
  LOAD_MANAGER_ROLE: role,
  ...(run.environment === undefined
    ? {}
    : { LOAD_MANAGER_HIDDEN_VARIABLES: Object.keys(run.environment).join(",") }),
  ...scriptOptionsVariable(run),
  ...(maxEndpoints === undefined ? {} : { LOAD_MANAGER_MAX_ENDPOINTS: String(maxEndpoints) }),
});

const scriptOptionsVariable = ({ scriptOptions }: LoadTestRun) => {
  if (scriptOptions === undefined) return {};
  const given = { values: optionValuesOf(scriptOptions), hidden: hiddenOptionsOf(scriptOptions) };
  return { LOAD_MANAGER_SCRIPT_OPTIONS: JSON.stringify(given) };
};

/**
 * Starts one Locust process through our launcher: a session of its own, no stdin, output to a file,
 * so that it outlives the server and is found again.
 */
const launch = (options: Launch, role: string, args: readonly string[]): Child => {
  const log = openSync(options.folder.log(role), "a");
  try {
    const child = spawn(
      options.python,
      ["-m", "load_manager_locust", "-f", options.entrypoint, ...args],
      {
        cwd: options.folder.script,
        env: environment(options, role),
        detached: true,
        stdio: ["ignore", log, log],
      },
    );
    let ended: { message: string } | undefined;
    child.on("error", (error) => {
      ended = { message: `${options.python} could not be started: ${error.message}` };
    });
    child.on("exit", (code, signal) => {
      ended ??= { message: signal === null ? `exit code ${code}` : `ended by ${signal}` };
    });
    child.unref();
    return { pid: child.pid, ended: () => ended };
  } finally {
    closeSync(log);
  }
};

export const launchMaster = (options: Launch): Child =>
  launch(options, "master", [
    "--master",
    ...["--master-bind-host", "127.0.0.1", "--master-bind-port", "0"],
    ...["--web-host", "127.0.0.1", "--web-port", "0"],
  ]);

export const launchWorker = (options: Launch, role: string, masterPort: number): Child =>
  launch(options, role, [
    "--worker",
    ...["--master-host", "127.0.0.1", "--master-port", String(masterPort)],
  ]);
