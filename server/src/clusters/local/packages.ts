import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { delimiter, dirname, isAbsolute } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { requirementLines } from "@load-manager/contract/model/requirements.ts";
import { z } from "zod";
import type { PackagesStep } from "../port.ts";
import type { RunFolder } from "./folder.ts";
import { processesOf } from "./processes.ts";

/** Finds or makes an environment; see its head. */
export const MAKE_ENVIRONMENT = fileURLToPath(new URL("make_environment.py", import.meta.url));
const ROLE = "packages";
/** How long one preparation waits for packages that are cached, or installed soon; the next pass prepares again. */
const SOON_MS = 2000;

/** What `make_environment.py` has written in the run's folder. */
const Result = z.union([
  z.object({ error: z.string() }),
  z.object({
    python: z.string(),
    cached: z.boolean(),
    seconds: z.number(),
    installed: z.array(z.string()),
  }),
]);

type State =
  | { readonly kind: "absent" | "installing" }
  | { readonly kind: "failed"; readonly message: string }
  | {
      readonly kind: "ready";
      readonly python: string;
      readonly cached: boolean;
      readonly seconds: number;
      readonly installed: readonly string[];
    };

type Deps = {
  readonly environmentsFolder: string;
  readonly pipEnvironment: Readonly<Record<string, string>>;
  /** The identity of the store that has the runs. */
  readonly store: string;
  readonly python: string;
  /** Whether the cluster installs packages. */
  readonly isAllowed: boolean;
};

/** The packages that the scripts of runs need, each run's found or installed by a process of its own. */
export type Packages = {
  /** By what the run's folder and the processes of this machine show, whoever started them. */
  readonly stateOf: (folder: RunFolder) => Promise<State>;
  /**
   * The Python that runs a script: the cluster's, or that of an environment with its packages. `undefined` while they are being
   * installed, or where they cannot be.
   */
  readonly pythonFor: (
    folder: RunFolder,
    requirements: string | undefined,
    onStep: (step: PackagesStep) => Promise<void>,
  ) => Promise<string | undefined>;
  readonly forget: (folder: RunFolder) => void;
};

/** What pip gets: where the operator's packages are, and nothing else of the server's environment. */
const environment = (deps: Deps, folder: RunFolder) => ({
  ...deps.pipEnvironment,
  PATH: [
    ...(isAbsolute(deps.python) ? [dirname(deps.python)] : []),
    "/usr/local/bin",
    "/usr/bin",
    "/bin",
  ].join(delimiter),
  TMPDIR: folder.temporary,
  LANG: "C.UTF-8",
  // By these the process is found, and ended with the run.
  LOAD_MANAGER_RUN_DIR: folder.path,
  LOAD_MANAGER_STORE_ID: deps.store,
  LOAD_MANAGER_ROLE: ROLE,
});

const writeResult = async (folder: RunFolder, result: z.input<typeof Result>): Promise<void> => {
  const part = `${folder.packages}.part`;
  await mkdir(dirname(part), { recursive: true });
  await writeFile(part, JSON.stringify(result));
  await rename(part, folder.packages);
};

/** Like Locust's processes it has a session of its own and writes to files, so that it outlives the server. Resolves with its end. */
const launch = (deps: Deps, folder: RunFolder): Promise<{ readonly error?: Error }> => {
  const log = openSync(folder.log(ROLE), "a");
  try {
    const args = [MAKE_ENVIRONMENT, deps.environmentsFolder, folder.requirements, folder.packages];
    const child = spawn(deps.python, ["-I", ...args], {
      cwd: folder.temporary,
      env: environment(deps, folder),
      detached: true,
      stdio: ["ignore", log, log],
    });
    child.unref();
    return new Promise((resolve) => {
      child.on("error", (error) => resolve({ error }));
      child.on("exit", () => resolve({}));
    });
  } finally {
    closeSync(log);
  }
};

export const createPackages = (deps: Deps): Packages => {
  /** Folders of runs whose process this server has started and not seen end. */
  const installing = new Set<string>();

  const stateOf = async (folder: RunFolder): Promise<State> => {
    // The process comes first: one that ends meanwhile has written its result by then.
    const isInstalling =
      installing.has(folder.path) ||
      (await processesOf(folder.path)).some(({ role }) => role === ROLE);
    const text = await readFile(folder.packages, "utf8").catch(() => undefined);
    if (text === undefined) return { kind: isInstalling ? "installing" : "absent" };
    const result = Result.parse(JSON.parse(text));
    return "error" in result
      ? { kind: "failed", message: result.error }
      : { kind: "ready", ...result };
  };

  const install = async (folder: RunFolder, lines: readonly string[]): Promise<void> => {
    await mkdir(folder.temporary, { recursive: true });
    await writeFile(folder.requirements, `${lines.join("\n")}\n`);
    installing.add(folder.path);
    void followed(folder, launch(deps, folder));
  };

  const followed = async (folder: RunFolder, end: ReturnType<typeof launch>): Promise<void> => {
    try {
      const { error } = await end;
      if (error === undefined) return;
      const message = `${deps.python} could not be started: ${error.message}`;
      await writeResult(folder, { error: message });
    } catch {
      // Without a result the next pass tries again.
    } finally {
      installing.delete(folder.path);
    }
  };

  const begun = async (folder: RunFolder, lines: readonly string[]): Promise<State> => {
    const found = await stateOf(folder);
    if (found.kind !== "absent") return found;
    if (!deps.isAllowed) {
      await writeResult(folder, { error: "the cluster no longer allows it (allowPackages)." });
    } else await install(folder, lines);
    let state = await stateOf(folder);
    for (let waited = 0; state.kind === "installing" && waited < SOON_MS; waited += 50) {
      await sleep(50);
      state = await stateOf(folder);
    }
    return state;
  };

  return {
    stateOf,
    pythonFor: async (folder, requirements = "", onStep) => {
      const lines = requirementLines(requirements);
      const packages = lines.length;
      if (packages === 0) return deps.python;
      const state = await begun(folder, lines);
      if (state.kind === "installing" || (state.kind === "ready" && !state.cached)) {
        await onStep({ kind: "installing", packages });
      }
      if (state.kind !== "ready") return undefined;
      const { python, cached, seconds, installed } = state;
      await onStep({ kind: cached ? "cached" : "installed", packages, seconds, installed });
      return python;
    },
    forget: (folder) => {
      installing.delete(folder.path);
    },
  };
};
