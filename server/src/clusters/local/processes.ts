import { readdir, readFile, readlink, realpath } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../lib/errors.ts";
import type { ForcedStep } from "../../runs/domain/observation.ts";

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

type Stat = { readonly state: string; readonly session: number; readonly startTicks: number };

/** Fields 3 (state), 6 (session) and 22 (start) of /proc/<pid>/stat; the name before them may hold anything. */
const statOf = async (pid: number): Promise<Stat | undefined> => {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "", session: Number(fields[3]), startTicks: Number(fields[19]) };
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

type RunProcess = ProcessId & {
  readonly role: string | undefined;
  readonly folder: string;
};

const RUN_DIR = "LOAD_MANAGER_RUN_DIR=";
const ROLE = "LOAD_MANAGER_ROLE=";

/**
 * Every live process of a run: those with the run's folder in their environment, and those in a session that such a
 * process leads, whatever their environment. `launched`: the processes that were started for the run; their sessions
 * belong to it even after they have ended. Works on Linux only; elsewhere only the pid files are known.
 */
export const processesOf = async (
  runFolder: string,
  launched: readonly ProcessId[] = [],
): Promise<RunProcess[]> => {
  const live = await liveProcesses();
  const found = ofRuns(live, (folder) => folder === runFolder);
  return [...found, ...(await leftBehind(live, runFolder, launched))];
};

/** The same for all runs of one store whose folders are in this one. */
export const processesBelow = async (runsFolder: string, store: string): Promise<RunProcess[]> =>
  ofRuns(
    await liveProcesses(),
    (folder, variables) =>
      folder.startsWith(`${runsFolder}/`) && variables.includes(`LOAD_MANAGER_STORE_ID=${store}`),
  );

/** Whether a live process has the path in its environment. */
export const isNamedByProcess = async (path: string): Promise<boolean> =>
  (await liveProcesses()).some(({ variables }) => variables.some((text) => text.includes(path)));

type Live = ProcessId & { readonly session: number; readonly variables: readonly string[] };

const liveProcesses = async (): Promise<Live[]> => {
  const pids = await readdir("/proc").catch(() => []);
  const found = await Promise.all(
    pids
      .filter((name) => /^\d+$/.test(name))
      .map(async (name) => {
        const pid = Number(name);
        // What may not be read is another user's, and could not be ended either.
        const environ = await readFile(`/proc/${name}/environ`, "latin1").catch(() => undefined);
        const stat = await statOf(pid);
        if (environ === undefined || stat === undefined || stat.state === "Z") return undefined;
        const { session, startTicks } = stat;
        return { pid, session, startTicks, bootId: null, variables: environ.split("\0") };
      }),
  );
  return found.filter((process) => process !== undefined);
};

const valueOf = (variables: readonly string[], name: string): string | undefined =>
  variables.find((text) => text.startsWith(name))?.slice(name.length);

/** A process cannot join a session later, so every process of a session whose leader belongs to a run belongs to it too. */
const ofRuns = (
  live: readonly Live[],
  isOurs: (folder: string, variables: readonly string[]) => boolean,
): RunProcess[] => {
  const folders = new Map<number, string>();
  for (const { pid, variables } of live) {
    const folder = valueOf(variables, RUN_DIR);
    if (folder !== undefined && isOurs(folder, variables)) folders.set(pid, folder);
  }
  return live.flatMap(({ variables, ...process }) => {
    const folder = folders.get(process.pid) ?? folders.get(process.session);
    return folder === undefined ? [] : [{ ...process, role: valueOf(variables, ROLE), folder }];
  });
};

/**
 * The processes in the session of a launched process that has ended. Its pid may since have named another session, whose
 * leader has ended too. So only processes whose working directory is in the run's folder count.
 */
const leftBehind = async (
  live: readonly Live[],
  folder: string,
  launched: readonly ProcessId[],
): Promise<RunProcess[]> => {
  const [boot, path] = [await bootId(), await realpath(folder).catch(() => folder)];
  const dead = new Set<number>();
  for (const id of launched) {
    const isTaken = await isAlive({ ...id, startTicks: null });
    if (id.bootId === boot && !isTaken) dead.add(id.pid);
  }
  const found: RunProcess[] = [];
  for (const { variables: _, ...process } of live) {
    if (!dead.has(process.session)) continue;
    const place = await readlink(`/proc/${process.pid}/cwd`).catch(() => "");
    if (`${place}/`.startsWith(`${path}/`)) found.push({ ...process, role: undefined, folder });
  }
  return found;
};

const POLL_MS = 50;

/** How long the processes get to end by themselves: the master sends what it has left. */
const POLITE_MS = 4000;

/** Ends every process of a run: SIGTERM, then SIGKILL. `onStep` must not reject. Rejects where a process survives the SIGKILL. */
export const endProcesses = async (
  find: () => Promise<readonly ProcessId[]>,
  onStep: (step: ForcedStep) => Promise<void>,
): Promise<void> => {
  // A process of a session is not found there any more once its leader has ended.
  const known = new Map<number, ProcessId>();
  const list = async (): Promise<ProcessId[]> => {
    for (const process of await find()) known.set(process.pid, process);
    const alive = await Promise.all([...known.values()].map(isAlive));
    return [...known.values()].filter((_, index) => alive[index] === true);
  };
  const steps = [
    { signal: "SIGTERM" as const, waitMs: POLITE_MS },
    { signal: "SIGKILL" as const, waitMs: 5000 },
  ];
  for (const { signal, waitMs } of steps) {
    let left = await list();
    if (left.length === 0) return;
    for (const { pid } of left) signalled(pid, signal);
    await onStep({ signal, pids: left.map(({ pid }) => pid) });
    // Each list takes time too, so a timer limits the wait, not a count of lists.
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
