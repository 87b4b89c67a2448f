import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { type Shop, startShop } from "../../examples/shop/shop.ts";
import {
  defineShop,
  expectNoProcesses,
  LOCUSTS,
  newFolder,
  processesWith,
  removeFolder,
  ROOT,
  running,
  type Server,
  settled,
  startServer,
} from "../harness.ts";
import { checkPercentile, countsOf, type Errors, readOracle, type Written } from "./oracle.ts";

/** `npm run test:truth` sets it: longer runs and a longer outage. */
const LONG = process.env["LOAD_MANAGER_TRUTH"] === "long";
if (LONG) vi.setConfig({ testTimeout: 400_000 });
const SCRIPT = readFileSync(join(ROOT, "e2e/truth/oracle.py"), "utf8");
const PERCENTILES = [50, 90, 95, 99, 99.9];
/** The listeners of plugin and script run at slightly different times, so requests this close to an edge may be on either side. */
const EDGE_SECONDS = 0.02;
const OTHER = " (other)";

/** An answer leaves out what nothing can set. */
const storedLike = <Run extends object>(run: Run) => ({
  ...run,
  loadProfile: { kind: "constant" as const },
});

describe.each(LOCUSTS)(
  "metrics compared with the requests that the script recorded, on $name",
  ({ name, python }) => {
    let dataDir: string;
    let server: Server;
    let shop: Shop;
    const errors: Errors = new Map();
    const checked = { requests: 0, windows: 0 };
    beforeEach(async () => {
      dataDir = newFolder();
      shop = await startShop();
      server = await startServer({ python, dataDir });
    });
    afterEach(async () => {
      await server.kill("SIGTERM");
      await shop.close();
      expectNoProcesses(dataDir);
      removeFolder(dataDir);
    });
    afterAll(() => {
      const shown = [...errors].map(
        ([p, { checks, largest }]) => `p${p}: ${(largest * 100).toFixed(3)} % in ${checks} checks`,
      );
      process.stdout.write(
        `Truth on ${name}: ${checked.requests} requests, ${checked.windows} windows; largest errors ${shown.join(", ")}\n`,
      );
    });

    const begin = async (durationSeconds: number, locustfile = SCRIPT): Promise<LoadTestRun> => {
      const loadTestId = await defineShop(server.client, shop.url, { locustfile });
      const body = { targetUsers: 20, spawnRate: 20, durationSeconds };
      const run = await server.client.createRun({ params: { loadTestId }, body });
      return storedLike(await running(server.client, run.id));
    };
    const oracleOf = (run: LoadTestRun): Written[] =>
      readOracle(join(dataDir, "runs", run.id, "script"));

    /** Compares the counts. Endpoints beyond the cap count as `(other)`, so the oracle's unknown endpoints do too. */
    const sameCounts = async (run: LoadTestRun, written: readonly Written[]) => {
      const { items } = await server.client.getRunRequests({ params: { runId: run.id } });
      const ours = new Map(
        items.map((item) => [
          `${item.method} ${item.name}`,
          { requests: item.totalRequests, failures: item.totalFailures },
        ]),
      );
      const { "": _, ...known } = countsOf(
        written.map((one) => (ours.has(one.endpoint) ? one : { ...one, endpoint: OTHER })),
      );
      expect(Object.fromEntries(ours)).toEqual(known);
      return ours;
    };

    const percentilesOf = async (
      run: LoadTestRun,
      written: readonly Written[],
      window?: { readonly from: number; readonly to: number },
    ) => {
      const near = (edge: number) =>
        written.filter(({ at }) => Math.abs(at - edge) < EDGE_SECONDS).length;
      const inside =
        window === undefined
          ? written
          : written.filter(({ at }) => at >= window.from && at < window.to);
      const unsure = window === undefined ? 0 : near(window.from) + near(window.to);
      const query = {
        percentiles: PERCENTILES.join(","),
        ...(window === undefined
          ? {}
          : { from: String(window.from * 1000), to: String(window.to * 1000) }),
      };
      const params = { runId: run.id };
      const summary = await server.client.getRunSummary({ params, query });
      expect(Math.abs((summary.totalRequests ?? 0) - inside.length)).toBeLessThanOrEqual(unsure);
      const table = await server.client.getRunRequests({ params, query });
      const timesOf = (endpoint?: string): number[] =>
        inside.flatMap((one) =>
          (endpoint === undefined || one.endpoint === endpoint) && one.ms !== undefined
            ? one.ms
            : [],
        );
      const wrong: (string | undefined)[] = [];
      for (const p of PERCENTILES) {
        wrong.push(
          checkPercentile(timesOf(), p, summary.percentiles?.[String(p)], unsure, errors),
          ...["SIM /wide", "SIM /usual", "SIM /fails", "SIM /none", "GET /"].map((endpoint) => {
            const row = table.items.find((item) => `${item.method} ${item.name}` === endpoint);
            return checkPercentile(
              timesOf(endpoint),
              p,
              row?.percentiles?.[String(p)],
              unsure,
              errors,
            );
          }),
        );
      }
      expect(wrong.filter((one) => one !== undefined)).toEqual([]);
      checked.windows += 1;
    };

    const allPercentiles = async (run: LoadTestRun, written: readonly Written[]) => {
      await percentilesOf(run, written);
      const times = written.map(({ at }) => at).toSorted((a, b) => a - b);
      const first = Math.ceil(times[0] ?? 0);
      const last = Math.floor(times.at(-1) ?? 0);
      for (let from = first; from + 5 <= last; from += 5) {
        await percentilesOf(run, written, { from, to: from + 5 });
      }
      checked.requests += written.length;
    };

    const exact = async (run: LoadTestRun) => {
      const ended = await settled(server.client, run.id, 200);
      const written = oracleOf(run);
      const ours = await sameCounts(run, written);
      for (const [endpoint, { requests }] of Object.entries(shop.counts(run.id))) {
        expect(ours.get(endpoint)?.requests).toBe(requests);
      }
      await allPercentiles(run, written);
      const summary = await server.client.getRunSummary({ params: { runId: run.id } });
      expect([summary.complete, summary.gaps]).toEqual([true, []]);
      return ended;
    };

    test("all latencies, requests without a time, failures, 2,000 names, users changed, and the server killed in one run", async () => {
      const run = await begin(LONG ? 90 : 20);
      await sleep(3000);
      const body = { targetUsers: 30, spawnRate: 10 };
      await server.client.changeRunLoad({ params: { runId: run.id }, body });
      await sleep(2000);
      await server.kill("SIGKILL");
      await sleep(LONG ? 10_000 : 4000);
      server = await startServer({ python, dataDir });
      const ended = await exact(run);
      expect([ended.status, ended.statusReason?.code]).toEqual(["Finished", "duration_reached"]);
      const { items } = await server.client.getRunRequests({ params: { runId: run.id } });
      expect(items.length).toBeLessThanOrEqual(1001);
      expect(items.find(({ name: one }) => one === "/none")).toMatchObject({ p50ResponseMs: null });
      expect(items.find(({ name: one }) => one === "/fails")).toMatchObject({ errorRate: 100 });
    });

    test("a run stopped while users still spawn", async () => {
      const loadTestId = await defineShop(server.client, shop.url, { locustfile: SCRIPT });
      const body = { targetUsers: 200, spawnRate: 10, durationSeconds: 60 };
      const { id } = await server.client.createRun({ params: { loadTestId }, body });
      const run = storedLike(await running(server.client, id));
      await sleep(LONG ? 8000 : 3000);
      await server.client.stopRun({ params: { runId: id } });
      expect((await exact(run)).status).toBe("Stopped");
    });

    test("a script whose requests all fail", async () => {
      const failing = `${SCRIPT.slice(0, SCRIPT.indexOf("class Simulated"))}
class Failing(User):
    wait_time = constant(0.01)

    @task
    def failing(self):
        fire(self, "/fails", random.uniform(1, 1000), ValueError("always"))
`;
      const run = await begin(LONG ? 30 : 6, failing);
      expect((await exact(run)).status).toBe("Finished");
      const { errorRate } = await server.client.getRunSummary({ params: { runId: run.id } });
      expect(errorRate).toBe(100);
      const { items } = await server.client.listRunFailures({ params: { runId: run.id } });
      expect(items).toHaveLength(1);
      expect(items[0]?.occurrences).toBe(oracleOf(run).length);
    });

    test("a worker killed: all requests of the other are counted, and those of the killed one except its last seconds", async () => {
      const run = await begin(LONG ? 40 : 12);
      await sleep(LONG ? 15_000 : 4000);
      const victim = processesWith(`LOAD_MANAGER_RUN_DIR=${join(dataDir, "runs", run.id)}`).find(
        ({ role }) => role === "worker-2",
      );
      process.kill(victim?.pid ?? 0, "SIGKILL");
      const ended = await settled(server.client, run.id, 120);
      expect(ended.health).toBe("degraded");
      const written = oracleOf(run);
      const dead = `oracle-${victim?.pid}.csv`;
      const killedAt = written.reduce(
        (last, { worker, at }) => (worker === dead ? Math.max(last, at) : last),
        0,
      );
      const sure = written.filter(({ worker, at }) => worker !== dead || at < killedAt - 2.5);
      const { totalRequests } = await server.client.getRunSummary({ params: { runId: run.id } });
      expect(totalRequests).toBeGreaterThanOrEqual(sure.length);
      expect(totalRequests).toBeLessThanOrEqual(written.length);
      // Windows before its last seconds are exact.
      const first = Math.ceil(written[0]?.at ?? 0);
      await percentilesOf(run, written, { from: first, to: Math.floor(killedAt - 2.5) });
    });
  },
);
