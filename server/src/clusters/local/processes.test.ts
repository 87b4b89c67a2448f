import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { endProcesses, processesOf } from "./processes.ts";
import { temporaryFolder } from "../../lib/testing/temporary-folder.ts";

const folder = temporaryFolder();
const pids: number[] = [];
afterEach(() => {
  for (const pid of pids.splice(0)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended already.
    }
  }
});

const isThere = (pid: number): boolean => {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
};

/** A new session whose leader starts one child process and waits for it. */
const session = async (options: {
  readonly ours: boolean;
  readonly cwd?: string;
  readonly child: string;
}): Promise<{ leader: ChildProcess; leaderPid: number; childPid: number }> => {
  const leader = spawn("sh", ["-c", `${options.child} & trap - TERM; echo $!; wait`], {
    detached: true,
    cwd: options.cwd ?? tmpdir(),
    env: { PATH: "/usr/bin:/bin", ...(options.ours ? { LOAD_MANAGER_RUN_DIR: folder } : {}) },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [text] = (await once(leader.stdout, "data")) as [Buffer];
  const [leaderPid, childPid] = [leader.pid ?? 0, Number(String(text).split("\n")[0])];
  pids.push(leaderPid, childPid);
  // Until it runs its program, the child is a copy of the shell, with the shell's environment.
  while (readFileSync(`/proc/${childPid}/comm`, "utf8") !== "sleep\n") await sleep(2);
  return { leader, leaderPid, childPid };
};

const idOf = (pid: number, bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8")) => ({
  pid,
  startTicks: 1,
  bootId: bootId.trim(),
});

const pidsOf = async (...launched: ReturnType<typeof idOf>[]): Promise<number[]> =>
  (await processesOf(folder, launched)).map(({ pid }) => pid).toSorted((a, b) => a - b);

test("a child without the environment variable is ended with the run, also if it outlives its session leader", async () => {
  const child = 'trap "" TERM; env -i sleep 60';
  const { childPid } = await session({ ours: true, child });
  const steps: string[] = [];
  await endProcesses(
    () => processesOf(folder),
    async ({ signal }) => void steps.push(signal),
  );
  expect([isThere(childPid), steps]).toEqual([false, ["SIGTERM", "SIGKILL"]]);
}, 15_000);

test("in a session of another leader only processes with the run folder in their environment belong to the run", async () => {
  const child = `LOAD_MANAGER_RUN_DIR=${folder} sleep 60`;
  const { leaderPid, childPid } = await session({ ours: false, child });
  await session({ ours: false, child: "sleep 60" });
  expect(await pidsOf(idOf(leaderPid))).toEqual([childPid]);
});

test("a process left in the session of a dead leader belongs to the run if it works in the run folder", async () => {
  const orphan = async (cwd: string) => {
    const left = await session({ ours: true, cwd, child: "env -i sleep 60" });
    left.leader.kill("SIGKILL");
    await once(left.leader, "exit");
    return left;
  };
  const [here, elsewhere] = [await orphan(folder), await orphan(tmpdir())];
  const launched = [idOf(here.leaderPid), idOf(elsewhere.leaderPid)];
  expect(await pidsOf(...launched)).toEqual([here.childPid]);
  expect(await pidsOf(idOf(here.leaderPid, "another boot id"))).toEqual([]);
  expect(await pidsOf()).toEqual([]);
});
