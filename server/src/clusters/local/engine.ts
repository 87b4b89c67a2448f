import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { promisify } from "node:util";
import type { Engine } from "@load-manager/contract/model/run.ts";
import { z } from "zod";
import type { Clock } from "../../lib/clock.ts";
import { runFolder } from "./folder.ts";
import { processEnvironment } from "./spawn.ts";

/** Reads what is installed without importing Locust, which would take a second of a core. */
const SCRIPT = `
import json, platform
from importlib import metadata
from load_manager_locust.shared.version import VERSION
print(json.dumps([platform.python_version(), metadata.version("locust"), VERSION]))
`;
const run = promisify(execFile);
const TIMEOUT_MS = 10_000;
/** Packages of a Python may change while a server runs. */
const KNOWN_MS = 10 * 60_000;

const Versions = z.tuple([z.string(), z.string(), z.string()]);

const readVersions = async (python: string): Promise<Engine> => {
  const env = processEnvironment(python, runFolder(tmpdir(), "versions"), undefined);
  const options = { timeout: TIMEOUT_MS, cwd: tmpdir(), env };
  const { stdout } = await run(python, ["-c", SCRIPT], options);
  const [pythonVersion, locustVersion, pluginVersion] = Versions.parse(JSON.parse(stdout));
  return { pythonVersion, locustVersion, pluginVersion };
};

/**
 * The versions that runs of a local cluster have. Nobody waits for them: they are read in the background, and again after a
 * while. Unknown as long as the Python does not tell them.
 */
export const createEngineReader = (
  python: string,
  clock: Pick<Clock, "monotonic">,
  read: (python: string) => Promise<Engine> = readVersions,
): (() => Engine | undefined) => {
  let known: Engine | undefined;
  let until = Number.NEGATIVE_INFINITY;
  const refresh = async (): Promise<void> => {
    known = await read(python).catch(() => undefined);
  };
  return () => {
    if (clock.monotonic() >= until) {
      until = clock.monotonic() + KNOWN_MS;
      void refresh();
    }
    return known;
  };
};
