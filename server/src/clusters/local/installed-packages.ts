import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { REQUIREMENTS_FILE, requirementLines } from "@load-manager/contract/model/requirements.ts";
import { z } from "zod";
import type { RunScript } from "../port.ts";
import type { RunFolder } from "./folder.ts";
import { MAKE_ENVIRONMENT } from "./packages.ts";

const run = promisify(execFile);
const TIMEOUT_MS = 10_000;
const Found = z.object({ python: z.string().optional() });

/**
 * The Python that can import a script now: the cluster's, or that of an environment with the script's packages. `undefined` where
 * no run has installed them yet. Rejects where the cluster's Python cannot be started.
 */
export const installedPython = async (
  request: {
    readonly python: string;
    readonly environmentsFolder: string;
    readonly script: RunScript;
  },
  folder: RunFolder,
): Promise<string | undefined> => {
  const { python, environmentsFolder, script } = request;
  const file = script.files.get(REQUIREMENTS_FILE);
  const requirements = file === undefined ? "" : Buffer.from(file).toString("utf8");
  const lines = requirementLines(requirements);
  if (lines.length === 0) return python;
  const [wanted, result] = [folder.requirements, join(folder.path, "environment.json")];
  await writeFile(wanted, `${lines.join("\n")}\n`);
  const args = ["-I", MAKE_ENVIRONMENT, environmentsFolder, wanted, result, "find"];
  await run(python, args, { timeout: TIMEOUT_MS, env: { PATH: "/usr/bin:/bin", LANG: "C.UTF-8" } });
  return Found.parse(JSON.parse(await readFile(result, "utf8"))).python;
};
