import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withoutValues } from "@load-manager/contract/model/hidden-values.ts";
import { OutlineResult } from "@load-manager/contract/plugin/outline.ts";
import { messageOf } from "../../lib/errors.ts";
import type { RunScript, ScriptOutlined } from "../port.ts";
import { installedPython } from "./installed-packages.ts";
import { runFolder, type RunFolder } from "./folder.ts";
import { processesOf } from "./processes.ts";
import { processEnvironment } from "./spawn.ts";

const NOT_INSTALLED =
  "The packages of requirements.txt are not installed yet: the first run installs them.";
const TIMEOUT_MS = 10_000;
/** How long the process then has to end what the script has started. */
const END_MS = 4000;
const MOST_BYTES = 4 << 20;

export type OutlineRequest = {
  /** The cluster's. */
  readonly python: string;
  /** Of the packages of scripts. */
  readonly environmentsFolder: string;
  readonly script: RunScript;
  /** The variables that a run would have. */
  readonly environment: Readonly<Record<string, string>>;
};

/**
 * Imports a script as a run would, in a process of its own and a temporary folder, and reads what it defines. Whatever the script
 * has started is ended with it. Never rejects.
 */
export const readOutline = async (request: OutlineRequest): Promise<ScriptOutlined> => {
  const root = await mkdtemp(join(tmpdir(), "load-manager-outline-"));
  try {
    const folder = runFolder(root, "outline");
    await folder.write(request.script.files);
    const result = join(folder.path, "outline.json");
    const python = await installedPython(request, folder);
    // Where no run has installed the packages, the cluster's Python may have all that the script imports.
    const end = await runToEnd({ ...request, python: python ?? request.python }, folder, result);
    const outlined = await outlinedBy(request, end, result);
    const isMissing = python === undefined && outlined.found === undefined;
    return isMissing ? { problems: [], why: NOT_INSTALLED } : outlined;
  } catch (error) {
    return { problems: [], why: `The script could not be imported: ${messageOf(error)}.` };
  } finally {
    await rm(root, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
  }
};

type End = { readonly timedOut: true } | { readonly how: string };

const runToEnd = async (
  { python, script, environment }: OutlineRequest,
  folder: RunFolder,
  result: string,
): Promise<End> => {
  const child = spawn(python, ["-m", "load_manager_locust.outline", script.entrypoint, result], {
    cwd: folder.script,
    env: { ...processEnvironment(python, folder, environment), LOAD_MANAGER_RUN_DIR: folder.path },
    detached: true,
    stdio: "ignore",
  });
  const end = await new Promise<End>((resolve) => {
    let isLate = false;
    // It ends what the script has started before it ends itself.
    const timer = setTimeout(() => {
      isLate = true;
      child.kill("SIGTERM");
    }, TIMEOUT_MS);
    const lastTimer = setTimeout(() => resolve({ timedOut: true }), TIMEOUT_MS + END_MS);
    const ended = (how: string): void => {
      clearTimeout(timer);
      clearTimeout(lastTimer);
      resolve(isLate ? { timedOut: true } : { how });
    };
    child.on("error", (error) => ended(`${python} could not be started: ${error.message}`));
    child.on("exit", (code, signal) =>
      ended(signal === null ? `exit code ${code}` : `ended by ${signal}`),
    );
  });
  await killAll(child.pid, folder);
  return end;
};

const killed = (pid: number): void => {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended.
  }
};

/** Its group, and, until none is left, what has left the group: a process that is forked meanwhile is found the next time. */
const killAll = async (pid: number | undefined, folder: RunFolder): Promise<void> => {
  if (pid === undefined) return;
  killed(-pid);
  for (let round = 0; round < 20; round += 1) {
    const left = await processesOf(folder.path);
    if (left.length === 0) return;
    for (const one of left) killed(one.pid);
  }
};

const outlinedBy = async (
  { script, environment }: OutlineRequest,
  end: End,
  path: string,
): Promise<ScriptOutlined> => {
  const file = script.entrypoint;
  const unfinished = (message: string): ScriptOutlined => ({
    problems: [{ file, message }],
    why: message,
  });
  if ("timedOut" in end) {
    return unfinished(`The import of the script took longer than ${TIMEOUT_MS / 1000} s.`);
  }
  const size = await stat(path).then(
    (known) => known.size,
    () => undefined,
  );
  if (size === undefined) {
    return unfinished(`The script ended Python while it was imported (${end.how}).`);
  }
  if (size > MOST_BYTES) return unfinished("The script defines too much to be listed.");
  const hidden = Object.values(environment);
  const shown = (_: string, value: unknown): unknown =>
    typeof value === "string" ? withoutValues(value, hidden) : value;
  const { problems, found, failed } = OutlineResult.parse(
    JSON.parse(await readFile(path, "utf8"), shown),
  );
  if (failed !== undefined) return { problems: [], why: `Locust cannot be imported: ${failed}.` };
  return found === undefined
    ? { problems, why: "The script raised an exception when it was imported." }
    : { problems, found };
};
