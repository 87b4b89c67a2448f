import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { EXIT_CODES } from "@load-manager/contract/model/exit-codes.ts";
import type { Config } from "@load-manager/server/config/load-config.ts";
import { AppError } from "@load-manager/server/lib/errors.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const FINDS_LOCUST =
  "import importlib.util, sys; sys.exit(importlib.util.find_spec('locust') is None)";

/** Runs a program to its end. → whether it succeeded, what it printed, and the signal that ended it. A program that is not there fails. */
const ended = (command: string, args: readonly string[], stderr: "ignore" | "inherit") =>
  new Promise<{ isOk: boolean; out: string; signal: NodeJS.Signals | null }>((resolve) => {
    // Not in the user's folder: Python takes a locust.py or a folder locust/ there for Locust.
    const options = { cwd: ROOT, env: { ...process.env, PYTHONPATH: "" } };
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", stderr] });
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.on("error", () => resolve({ isOk: false, out, signal: null }));
    child.on("close", (code, signal) => resolve({ isOk: code === 0, out, signal }));
  });

/**
 * The configuration with a Python that has Locust, as `npm start` prepares one: where a local cluster would run the Python of this
 * machine and that has no Locust, Locust is installed into an environment in the clone. Throws AppError where that cannot be done.
 */
export const withLocust = async <C extends Config>(config: C): Promise<C> => {
  const needsIt = config.locustClusters.some(
    (cluster) => cluster.kind === "local" && cluster.python === undefined,
  );
  if (!needsIt || (await ended(config.python, ["-c", FINDS_LOCUST], "ignore")).isOk) return config;
  const { isOk, out, signal } = await ended(process.execPath, ["tools/locust.mjs"], "inherit");
  if (isOk) return { ...config, python: out.trim() };
  process.exitCode = signal === null ? EXIT_CODES.usage : EXIT_CODES.stopped;
  const why = signal === null ? "There is no Locust" : "Interrupted while Locust was installed";
  throw new AppError("unavailable", `${why}; no run was started.`);
};
