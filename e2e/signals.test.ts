import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { startShop } from "../examples/shop/shop.ts";
import {
  CLI,
  ctrlC,
  defineShop,
  expectNoProcesses,
  LOCUSTS,
  newFolder,
  processesWith,
  removeFolder,
  running,
  settled,
  start,
  startServer,
  until,
} from "./harness.ts";

const python = LOCUSTS[0]?.python ?? "python3";

describe("the demo", () => {
  const demo = (dataDir: string, ...args: string[]) =>
    start(process.execPath, [CLI, "demo", "--port", "0", "--data-dir", dataDir, ...args], {
      LOAD_MANAGER_PYTHON: python,
    });

  test("shows a run, and compares its totals with the shop's at the end", async () => {
    const dataDir = newFolder();
    const program = demo(dataDir, "--duration", "8");
    expect(await program.ended).toBe(0);
    const output = program.output();
    expect(output).toContain("Demo shop #1: 20 users, 8 s");
    expect(output).toMatch(
      /\d:\d\d\/0:08 {2}\d+ users {2}[\d.]+ req\/s {2}[\d.]+ % errors {2}p50 \d+ ms/,
    );
    for (const endpoint of ["GET /products/[id]", "POST /checkout", "All endpoints"]) {
      expect(output).toContain(endpoint);
    }
    const [, ours, theirs] =
      /Load Manager counted (\d+) requests, the shop counted (\d+)/.exec(output) ?? [];
    expect(ours).toBe(theirs);
    expect(Number(ours)).toBeGreaterThan(200);
    expect(output).not.toContain("\u001B[");
    expectNoProcesses(dataDir);
    removeFolder(dataDir);
  });

  test.each([0.2, 1, 2.5, 5, 8])("Ctrl-C after %s s ends everything", async (seconds) => {
    const dataDir = newFolder();
    const program = demo(dataDir, "--duration", "60");
    await sleep(seconds * 1000);
    ctrlC(program);
    const outcome = await Promise.race([program.ended, sleep(30_000, "it did not end")]);
    expect([0, 130, "SIGINT"]).toContain(outcome);
    expectNoProcesses(dataDir);
    removeFolder(dataDir);
  });

  test("a second Ctrl-C ends it without waiting for the run, and leaves no process", async () => {
    const dataDir = newFolder();
    const program = demo(dataDir, "--duration", "60");
    await until("load", () => (/req\/s/.test(program.output()) ? true : undefined));
    ctrlC(program);
    await until("the answer", () => (program.output().includes("again") ? true : undefined));
    await sleep(300);
    ctrlC(program);
    expect(await Promise.race([program.ended, sleep(12_000, "it did not end")])).toBe(0);
    expect(program.output()).not.toContain("Endpoint");
    expectNoProcesses(dataDir);
    removeFolder(dataDir);
  });

  test("a second demo on the same folder is refused with the reason", async () => {
    const dataDir = newFolder();
    const first = demo(dataDir, "--duration", "30");
    await until("the first demo", () => (first.output().includes("Run  ") ? true : undefined));
    const second = demo(dataDir);
    expect(await second.ended).toBe(1);
    expect(second.output()).toMatch(/in use by another/);
    ctrlC(first);
    await first.ended;
    expectNoProcesses(dataDir);
    removeFolder(dataDir);
  });
});

describe("the server with an active run", () => {
  const withRun = async () => {
    const dataDir = newFolder();
    const shop = await startShop();
    const server = await startServer({ python, dataDir });
    const loadTestId = await defineShop(server.client, shop.url);
    const body = { targetUsers: 2, spawnRate: 2, durationSeconds: 100 };
    const run = await server.client.createRun({ params: { loadTestId }, body });
    await running(server.client, run.id);
    return { dataDir, shop, server, run };
  };
  const locusts = (dataDir: string): number =>
    processesWith(`LOAD_MANAGER_RUN_DIR=${dataDir}`).length;

  test("one Ctrl-C: it names the active run and leaves it running; the next server takes it over", async () => {
    const { dataDir, shop, server, run } = await withRun();
    ctrlC(server);
    expect(await server.ended).toBe(0);
    expect(server.output()).toContain(run.id);
    expect(server.output()).toContain("Ctrl-C again");
    expect(locusts(dataDir)).toBe(3);
    const next = await startServer({ python, dataDir });
    await next.client.stopRun({ params: { runId: run.id } });
    expect((await settled(next.client, run.id)).status).toBe("Stopped");
    ctrlC(next);
    const begun = Date.now();
    expect(await next.ended).toBe(0);
    expect(Date.now() - begun).toBeLessThan(4000);
    await shop.close();
    expectNoProcesses(dataDir);
    removeFolder(dataDir);
  });

  test("two Ctrl-C: its runs are stopped, and no process is left", async () => {
    const { dataDir, shop, server } = await withRun();
    ctrlC(server);
    await until("the question", () =>
      server.output().includes("Ctrl-C again") ? true : undefined,
    );
    // Signals that come at once are one Ctrl-C.
    await sleep(300);
    ctrlC(server);
    expect(await server.ended).toBe(0);
    expectNoProcesses(dataDir);
    await shop.close();
    removeFolder(dataDir);
  });

  test("SIGTERM: it ends at once and leaves the run running", async () => {
    const { dataDir, shop, server, run } = await withRun();
    server.child.kill("SIGTERM");
    expect(await server.ended).toBe(0);
    expect(locusts(dataDir)).toBe(3);
    const next = await startServer({ python, dataDir });
    await next.client.stopRun({ params: { runId: run.id } });
    await settled(next.client, run.id);
    await next.kill("SIGTERM");
    await shop.close();
    expectNoProcesses(dataDir);
    removeFolder(dataDir);
  });
});

/** The processes of `npm start`, from npm down to the server. */
/** What the kernel says of a process; nothing once it has ended. */
const ofProcess = (pid: number, file: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
};
const chainOf = (program: ReturnType<typeof start>): readonly number[] => {
  const children = (pid: number): number[] =>
    ofProcess(pid, `task/${pid}/children`).split(" ").filter(Boolean).map(Number);
  const below = (pid: number): number[] => [pid, ...children(pid).flatMap(below)];
  return below(program.child.pid ?? 0);
};
const commandOf = (pid: number): string => ofProcess(pid, "cmdline").replaceAll("\0", " ");
const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}/stat`);

describe("npm start", () => {
  test.each([
    ["SIGTERM", "npm"],
    ["SIGINT", "npm"],
    ["SIGKILL", "npm"],
    ["SIGTERM", "wrapper"],
    ["SIGKILL", "wrapper"],
    ["SIGTERM", "server"],
  ] as const)("ends as a whole after %s to the %s", async (signal, to) => {
    const dataDir = newFolder();
    const npm = start("npm", ["start", "--", "--port", "0", "--data-dir", dataDir], {
      LOAD_MANAGER_PYTHON: python,
    });
    await until("the server", () => (/ready: http/.test(npm.output()) ? true : undefined), 30);
    const chain = chainOf(npm);
    const wrapper = chain.find((pid) => /tools\/run\.mjs/.test(commandOf(pid)));
    // The server may have a child of its own, which reads the versions of its Python.
    const server = chain.findLast((one) => /bin\/load-manager\.js/.test(commandOf(one)));
    const pid = { npm: chain[0], wrapper, server }[to] ?? 0;
    process.kill(wrapper ?? 0, "SIGHUP");
    await until("the reload", () => (/reloaded/.test(npm.output()) ? true : undefined), 10);
    process.kill(pid, signal);
    await until("the end", () => (chain.some(isAlive) ? undefined : true), 15);
    if (signal !== "SIGKILL") expect(npm.output()).toContain("Load Manager has ended.");
    expectNoProcesses(dataDir);
    removeFolder(dataDir);
  });
});
