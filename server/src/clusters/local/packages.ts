import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
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
  z.object({ stage: z.enum(["waiting", "installing"]) }),
  z.object({ error: z.string() }),
  z.object({
    python: z.string(),
    cached: z.boolean(),
    seconds: z.number(),
    installed: z.array(z.string()),
  }),
]);

/** While the process lives: `waiting` for that of another run, which installs the same packages. */
type Stage = "waiting" | "installing";

type State =
  | { readonly kind: "absent" }
  /** The stage is not known before the process has found out that there is no environment. */
  | { readonly kind: "installing"; readonly stage?: Stage }
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

/** `text`: what the process has written. */
const stateBy = (text: string | undefined, isInstalling: boolean): State => {
  if (text === undefined) return { kind: isInstalling ? "installing" : "absent" };
  const result = Result.parse(JSON.parse(text));
  if ("stage" in result) {
    return isInstalling ? { kind: "installing", stage: result.stage } : { kind: "absent" };
  }
  return "error" in result
    ? { kind: "failed", message: result.error }
    : { kind: "ready", ...result };
};

/** Waits a little for the end. Tells each stage once, as soon as it is known: a run may be stopped meanwhile. */
const soon = async (
  stateNow: () => Promise<State>,
  onStage: (stage: Stage) => Promise<void>,
): Promise<State> => {
  let state = await stateNow();
  let told: Stage | undefined;
  for (let waited = 0; state.kind === "installing" && waited < SOON_MS; waited += 50) {
    const { stage } = state;
    if (stage !== undefined && stage !== told) await onStage(stage);
    told = stage;
    await sleep(50);
    state = await stateNow();
  }
  return state;
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
    return stateBy(text, isInstalling);
  };

  const install = async (folder: RunFolder, lines: readonly string[]): Promise<void> => {
    await mkdir(folder.temporary, { recursive: true });
    await writeFile(folder.requirements, `${lines.join("\n")}\n`);
    // The stage of a process that was killed.
    await rm(folder.packages, { force: true });
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

  const begun = async (
    folder: RunFolder,
    lines: readonly string[],
    onStage: (stage: Stage) => Promise<void>,
  ): Promise<State> => {
    const found = await stateOf(folder);
    if (found.kind !== "absent") return found;
    if (!deps.isAllowed) {
      await writeResult(folder, { error: "the cluster no longer allows it (allowPackages)." });
    } else await install(folder, lines);
    return soon(() => stateOf(folder), onStage);
  };

  return {
    stateOf,
    pythonFor: async (folder, requirements = "", onStep) => {
      const lines = requirementLines(requirements);
      const packages = lines.length;
      if (packages === 0) return deps.python;
      const onStage = (kind: Stage): Promise<void> => onStep({ kind, packages });
      const state = await begun(folder, lines, onStage);
      if (state.kind === "installing") await onStage(state.stage ?? "installing");
      // A run that has waited may have installed them itself after all.
      if (state.kind === "ready" && !state.cached) await onStage("installing");
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
