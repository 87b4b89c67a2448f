import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { openWorld } from "../faults/world.ts";
import {
  counted,
  ENDED,
  eventsOf,
  LOCUSTS,
  processesWith,
  type Server,
  settled,
  until,
} from "../harness.ts";
import { median } from "./median.ts";

/** `npm run test:soak -- --hours N` sets it. */
const MINUTES = Number(process.env["LOAD_MANAGER_SOAK_MINUTES"] ?? 0);
const python = LOCUSTS[0]?.python ?? "python3";
/** Printed at the end; the same seed makes the same choices, but their timing depends on the machine. */
const SEED = Number(process.env["LOAD_MANAGER_SEED"] ?? 1);

/** mulberry32: repeatable random numbers. */
const random = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
};

type Usage = { rssMiB: number; heapMiB: number; files: number };

const PROBE = new URL("collected-heap.ts", import.meta.url);

/** `heapMiB` is the heap after a garbage collection; `rssMiB` also has what allocators keep for later. */
const usageOf = async (pid: number, heapFile: string): Promise<Usage> => {
  rmSync(heapFile, { force: true });
  process.kill(pid, "SIGUSR2");
  const heapMiB = await until("the garbage collection", () => {
    const text = existsSync(heapFile) ? readFileSync(heapFile, "utf8") : "";
    return text === "" ? undefined : Number(text);
  });
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return {
    heapMiB,
    rssMiB: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024,
    files: readdirSync(`/proc/${pid}/fd`).length,
  };
};

describe.runIf(MINUTES > 0)("a soak", () => {
  test(
    `of ${MINUTES} minutes with random faults: every promise is kept, and memory and file handles do not grow`,
    { timeout: (MINUTES + 15) * 60_000 },
    async () => {
      const choose = random(SEED);
      const world = await openWorld("sqlite", python);
      const config = `${world.storeConfig()}locustClusters: [{ id: here, kind: local, workers: 2, maxConcurrentRuns: 2 }]\n`;
      const heapFile = join(world.folder, "heap");
      const env = { NODE_OPTIONS: `--import=${PROBE.href}`, SOAK_HEAP_FILE: heapFile };
      let server: Server = await world.serve({ config, env });
      const { port } = new URL(server.address);
      const loadTestId = await world.define(server);
      const accepted: string[] = [];
      /** Runs with a fault in Locust: their metrics may be incomplete. */
      const disturbed = new Set<string>();
      const done: Record<string, number> = {};
      const usage: Usage[] = [];
      const end = Date.now() + MINUTES * 60_000;
      const half = Date.now() + MINUTES * 30_000;

      const restart = async (signal: NodeJS.Signals): Promise<void> => {
        await server.kill(signal);
        await sleep(choose(4000));
        server = await world.serve({ config, env, port: Number(port) });
      };
      const locust = (role: string): { pid: number; run: string }[] =>
        processesWith(`LOAD_MANAGER_RUN_DIR=${world.dataDir}`).flatMap((one) => {
          if (one.role !== role) return [];
          const environ = readFileSync(`/proc/${one.pid}/environ`, "latin1");
          const run = /LOAD_MANAGER_RUN_DIR=[^\0]*\/([^\0/]+)\0/.exec(environ)?.[1] ?? "";
          return [{ pid: one.pid, run }];
        });
      const disturbOne = (role: string, how: (pid: number) => void): void => {
        const [victim] = locust(role);
        if (victim === undefined) return;
        disturbed.add(victim.run);
        how(victim.pid);
      };
      const faults: Record<string, () => Promise<unknown> | void> = {
        "server killed": () => restart("SIGKILL"),
        "server ended": () => restart("SIGTERM"),
        "server asleep": async () => {
          server.child.kill("SIGSTOP");
          await sleep(3000 + choose(15_000));
          server.child.kill("SIGCONT");
        },
        "worker killed": () => disturbOne("worker-1", (pid) => process.kill(pid, "SIGKILL")),
        "master killed": () => disturbOne("master", (pid) => process.kill(pid, "SIGKILL")),
        "master asleep": async () => {
          const [victim] = locust("master");
          if (victim === undefined) return;
          process.kill(victim.pid, "SIGSTOP");
          await sleep(4000);
          process.kill(victim.pid, "SIGCONT");
        },
        "run stopped": async () => {
          const id = accepted.at(-1 - choose(2));
          if (id !== undefined) await server.client.stopRun({ params: { runId: id } });
        },
        nothing: () => sleep(3000),
      };
      const names = Object.keys(faults);

      while (Date.now() < end) {
        const open = (await server.client.listRuns({ query: { limit: 10 } })).items.filter(
          ({ status }) => !ENDED.includes(status),
        );
        if (open.length < 3) {
          const body = { targetUsers: 4, spawnRate: 4, durationSeconds: 8 + choose(15) };
          const { id } = await server.client.createRun({ params: { loadTestId }, body });
          accepted.push(id);
        }
        // In the second half the server is not restarted, so that its memory use can be compared over time.
        const offered =
          Date.now() < half ? names : names.filter((name) => !/^server (killed|ended)/.test(name));
        const name = offered[choose(offered.length)] ?? "nothing";
        try {
          await faults[name]?.();
        } catch {
          // The process had ended already.
        }
        done[name] = (done[name] ?? 0) + 1;
        await sleep(1000 + choose(4000));
        if (Date.now() > half && server.child.pid !== undefined)
          usage.push(await usageOf(server.child.pid, heapFile));
      }

      let lost = 0;
      let twice = 0;
      const wrong: string[] = [];
      for (const id of accepted) {
        const run = await settled(server.client, id, 180).catch(() => undefined);
        if (run === undefined) {
          lost += 1;
          continue;
        }
        const ends = (await eventsOf(server.client, id)).filter(
          ({ type, data }) => type === "status" && ENDED.some((status) => status === data?.["to"]),
        );
        if (ends.length !== 1) wrong.push(`${id} has ${ends.length} ends`);
        if (world.witness.of(id) > 1) twice += 1;
        if (disturbed.has(id) || run.status === "Failed") continue;
        const [ours, theirs] = [await counted(server.client, id), world.shop.counts(id)];
        if (!isDeepStrictEqual(ours, theirs)) {
          wrong.push(
            `${id} (${run.status}): ${JSON.stringify(ours)}, the shop: ${JSON.stringify(theirs)}`,
          );
        }
      }
      const quarter = Math.max(1, Math.floor(usage.length / 4));
      const [first, last] = [usage.slice(0, quarter), usage.slice(-quarter)];
      const both = (of: (one: Usage) => number): [number, number] => [
        median(first.map(of)),
        median(last.map(of)),
      ];
      const flat = {
        rssMiB: both(({ rssMiB }) => rssMiB),
        heapMiB: both(({ heapMiB }) => heapMiB),
        files: both(({ files }) => files),
      };
      process.stdout.write(
        `\nsoak, seed ${SEED}: ${accepted.length} runs, lost ${lost}, started twice ${twice}; ${JSON.stringify(done)}; ${JSON.stringify(flat)}\n`,
      );
      expect({ lost, twice, wrong }).toEqual({ lost: 0, twice: 0, wrong: [] });
      expect(flat.files[1]).toBeLessThanOrEqual(flat.files[0] + 8);
      expect(flat.heapMiB[1]).toBeLessThanOrEqual(flat.heapMiB[0] * 1.1);
      expect(flat.rssMiB[1]).toBeLessThanOrEqual(flat.rssMiB[0] * 1.3 + 20);
    },
  );
});
