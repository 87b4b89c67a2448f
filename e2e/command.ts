import { spawn } from "node:child_process";
import { CLI } from "./harness.ts";

type Ended = { readonly code: number | null; readonly out: string; readonly err: string };

/** A command of a person, without input. */
export const command = (
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
) => {
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd,
    env: { ...process.env, LOAD_MANAGER_URL: "", LOAD_MANAGER_API_TOKEN: "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  const ended = new Promise<Ended>((resolve) => {
    child.on("close", (code) => resolve({ code, out, err }));
  });
  return { child, ended, out: () => out };
};
