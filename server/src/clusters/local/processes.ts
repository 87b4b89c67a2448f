import { readdir, readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../lib/errors.ts";
import type { ForcedStep } from "../port.ts";

/** What the launcher writes about itself before it imports Locust (`locust-plugin/PROTOCOL.md`). */
export type ProcessId = {
  readonly pid: number;
  /** Start of the process in kernel ticks since boot, and the boot: together they outlive a reused pid. */
  readonly startTicks: number | null;
  readonly bootId: string | null;
};

const bootId = async (): Promise<string | undefined> =>
  readFile("/proc/sys/kernel/random/boot_id", "utf8").then(
    (text) => text.trim(),
    () => undefined,
  );

/** Fields 3 (state) and 22 (start) of /proc/<pid>/stat; the name before them may hold anything. */
const statOf = async (pid: number): Promise<{ state: string; startTicks: number } | undefined> => {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "", startTicks: Number(fields[19]) };
};

const signalled = (pid: number, signal: NodeJS.Signals | 0): boolean => {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
};

/** A zombie is dead; a pid that another process has now is dead too. */
export const isAlive = async (id: ProcessId): Promise<boolean> => {
  if (process.platform !== "linux") return signalled(id.pid, 0);
  const stat = await statOf(id.pid);
  if (stat === undefined || stat.state === "Z" || stat.state === "X") return false;
  if (id.startTicks !== null && id.startTicks !== stat.startTicks) return false;
  return id.bootId === null || id.bootId === (await bootId());
};

type RunProcess = {
  readonly pid: number;
  readonly role: string | undefined;
  readonly folder: string;
};

const RUN_DIR = "LOAD_MANAGER_RUN_DIR=";

/**
 * Every live process that was started for a run, also those that left their group or wrote no file:
 * they carry the run's folder in their environment. Linux only; elsewhere the files must do.
 */
export const processesOf = async (runFolder: string): Promise<RunProcess[]> =>
  processesWhere((folder) => folder === runFolder);

/** The same for every run whose folder is in this one, of one store's data. */
export const processesBelow = async (runsFolder: string, store: string): Promise<RunProcess[]> =>
  processesWhere(
    (folder, variables) =>
      folder.startsWith(`${runsFolder}/`) && variables.includes(`LOAD_MANAGER_STORE_ID=${store}`),
  );

const processesWhere = async (
  isOurs: (folder: string, variables: readonly string[]) => boolean,
): Promise<RunProcess[]> => {
  const pids = await readdir("/proc").catch(() => []);
  const found = await Promise.all(
    pids
      .filter((name) => /^\d+$/.test(name))
      .map(async (name) => {
        const environ = await readFile(`/proc/${name}/environ`, "latin1").catch(() => "");
        const variables = environ.split("\0");
        const folder = variables.find((text) => text.startsWith(RUN_DIR))?.slice(RUN_DIR.length);
        if (folder === undefined || !isOurs(folder, variables)) return undefined;
        const stat = await statOf(Number(name));
        if (stat === undefined || stat.state === "Z") return undefined;
        const role = variables.find((text) => text.startsWith("LOAD_MANAGER_ROLE="));
        return { pid: Number(name), role: role?.slice("LOAD_MANAGER_ROLE=".length), folder };
      }),
  );
  return found.filter((process) => process !== undefined);
};

const POLL_MS = 50;

/** How long the processes get to end by themselves: the master sends what it has left. */
const POLITE_MS = 4000;

/** Ends every process of a run: politely, then by force; `told` must not reject. Rejects where one survives even that. */
export const endProcesses = async (
  list: () => Promise<{ readonly pid: number }[]>,
  told: (step: ForcedStep) => Promise<void>,
): Promise<void> => {
  const steps = [
    { signal: "SIGTERM" as const, waitMs: POLITE_MS },
    { signal: "SIGKILL" as const, waitMs: 5000 },
  ];
  for (const { signal, waitMs } of steps) {
    let left = await list();
    if (left.length === 0) return;
    for (const { pid } of left) signalled(pid, signal);
    await told({ signal, pids: left.map(({ pid }) => pid) });
    // Looking takes its time as well: the wait is bounded by a timer, not by a count of looks.
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(), waitMs);
    while (left.length > 0 && !over.signal.aborted) {
      await sleep(POLL_MS);
      left = await list();
    }
    clearTimeout(timer);
  }
  const left = await list().catch((error: unknown) => [{ pid: messageOf(error) }]);
  if (left.length === 0) return;
  throw new Error(`These processes could not be ended: ${left.map(({ pid }) => pid).join(", ")}`);
};
