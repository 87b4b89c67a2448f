import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const TICKS_PER_SECOND = 100;

/** CPU seconds of a process, including all its threads. */
export const cpuOf = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
};

/** Resident memory in bytes. */
export const memoryOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;

export type Program = {
  readonly pid: number;
  readonly output: () => string;
  readonly stop: () => Promise<void>;
};

/** Starts a program and waits until it is ready. */
export const startProgram = async (
  command: string,
  args: readonly string[],
  ready: RegExp | (() => Promise<boolean>),
  env: Record<string, string> = {},
  as: { readonly uid?: number; readonly gid?: number } = {},
): Promise<Program> => {
  const child: ChildProcess = spawn(command, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
    ...as,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-100_000);
    });
  }
  const ended = new Promise<void>((resolve) => {
    child.on("exit", () => resolve());
    child.on("error", () => resolve());
  });
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
  };
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(5)) {
    if (child.exitCode !== null) break;
    const isReady = ready instanceof RegExp ? ready.test(output) : await ready().catch(() => false);
    if (isReady && child.pid !== undefined) return { pid: child.pid, output: () => output, stop };
  }
  await stop();
  throw new Error(`${command} did not get ready:\n${output}`);
};
