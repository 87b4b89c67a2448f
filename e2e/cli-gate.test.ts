import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Shop, startShop } from "../examples/shop/shop.ts";
import { freePort } from "./attached-locust.ts";
import { command } from "./command.ts";
import {
  defineShop,
  expectNoProcesses,
  LOCUSTFILE,
  LOCUSTS,
  newFolder,
  removeFolder,
  type Server,
  startServer,
  until,
} from "./harness.ts";

const SHORT = ["--users", "3", "--spawn-rate", "5", "--duration", "4s"];
const REPORTS = ["--junit", "out/load.xml", "--markdown", "out/load.md", "--json", "out/load.json"];

// What the command does is the same with every Locust.
describe.each(LOCUSTS.slice(0, 1))("load-manager run as a gate on $name", ({ python }) => {
  const dataDir = newFolder();
  const home = newFolder();
  let server: Server;
  let shop: Shop;
  const cli = (...args: string[]) =>
    command(args, home, { LOAD_MANAGER_URL: server.address, XDG_CONFIG_HOME: home });
  const write = (name: string, text: string): string => {
    writeFileSync(join(home, name), text);
    return name;
  };
  const written = (name: string): string => readFileSync(join(home, "out", name), "utf8");
  const runsOfServer = async () => (await server.client.listRuns({ query: {} })).items;
  /** A load test whose script cannot be imported. */
  const defineBroken = () =>
    defineShop(server.client, shop.url, { locustfile: `${LOCUSTFILE}\nimport no_such_package\n` });

  beforeAll(async () => {
    shop = await startShop();
    server = await startServer({
      python,
      dataDir,
      config: "orchestrator:\n  pendingTimeoutSeconds: 2\n",
    });
  });
  afterAll(async () => {
    await server.kill("SIGTERM");
    await shop.close();
    expectNoProcesses(dataDir);
    removeFolder(dataDir);
    removeFolder(home);
  });

  test("criteria of a file judge the run, and reports say what was seen", async () => {
    const loadTestId = await defineShop(server.client, shop.url);
    const gate = write("gate.criteria", "# the gate\np95<1ms\nwarn: p99.9 < 5 s\n\nrequests > 3\n");
    const { code, out } = await cli("run", loadTestId, ...SHORT, "--criteria", gate, ...REPORTS)
      .ended;
    expect(out).toContain("Verdict: failed\n");
    expect(out).toContain("Written: out/load.xml, out/load.md, out/load.json\n");
    expect(code).toBe(2);
    const { runs } = JSON.parse(written("load.json"));
    expect(runs).toMatchObject([
      {
        run: { id: expect.any(String), verdict: "failed", settledAt: expect.stringContaining("T") },
        verdict: {
          verdict: "failed",
          criteria: [
            { expression: "p95 < 1 ms", verdict: "failed" },
            { severity: "warn", verdict: "inconclusive" },
            { verdict: "passed", window: { from: expect.stringContaining("T") } },
          ],
        },
      },
    ]);
    const params = { runId: runs[0].run.id };
    expect(written("load.xml")).toBe(await server.client.getRunJunit({ params }));
    expect(written("load.xml")).toContain('tests="4" failures="1" errors="0" skipped="1"');
    expect(written("load.md")).toMatch(/^## ✗ Shop \\#1 failed: 1 of 2 criteria does not hold\./);
    // A run that ended long ago.
    const again = await cli("runs", "watch", params.runId, "--junit", "out/again.xml").ended;
    expect([again.code, written("again.xml")]).toEqual([2, written("load.xml")]);
  });

  test("there are reports of a run that could not run, was stopped, or waited too long", async () => {
    const broken = await cli("run", await defineBroken(), ...SHORT, ...REPORTS).ended;
    expect(broken.code).toBe(5);
    expect(written("load.xml")).toMatch(
      /<error type="\w+" message="The run could not run: [^]*no_such_package/,
    );
    expect(written("load.md")).toContain("could not run: ");
    const loadTestId = await defineShop(server.client, shop.url);
    // A count needs no number of requests, so that only the early end keeps it from being decided.
    const gate = write("long.criteria", "failures < 100000\n");
    const long = cli(
      "run",
      loadTestId,
      "--users",
      "2",
      "--duration",
      "1h",
      "--criteria",
      gate,
      ...REPORTS,
    );
    await until("load", () => /req\/s/.exec(long.out())?.[0]);
    const waited = await cli(
      "run",
      loadTestId,
      ...SHORT,
      "--criteria",
      gate,
      "--junit",
      "out/waited.xml",
    ).ended;
    expect(waited.code).toBe(6);
    expect(written("waited.xml")).toMatch(/<error type="expired"[^]*<error type="could_not_run"/);
    long.child.kill("SIGINT");
    expect((await long.ended).code).toBe(4);
    expect(written("load.xml")).toMatch(
      /<error type="stopped_by_user"[^]*<error type="\w+" message="failures &lt; 100000 cannot be decided/,
    );
  });

  test("what is wrong with the command is said before a run starts", async () => {
    const loadTestId = await defineShop(server.client, shop.url);
    const before = (await runsOfServer()).length;
    const bad = write("bad.criteria", "rps > 1\nwarn: p95 < 300\n");
    const refused = async (...args: string[]) => {
      const { code, out, err } = await cli("run", loadTestId, ...SHORT, ...args).ended;
      return { code, out, err };
    };
    expect(await refused("--criteria", bad)).toEqual({
      code: 1,
      out: "",
      err: 'bad.criteria:2:13: a unit is missing: ms, s, min, h (did you mean "300 ms"?)\n  warn: p95 < 300\n              ^^^\n',
    });
    const longer = write("longer.criteria", "p95 < 1 s over last 1 min\n");
    expect((await refused("--criteria", longer)).err).toContain("needs a load of 60 s");
    const folder = await refused("--junit", ".");
    expect(folder).toMatchObject({
      code: 1,
      err: "--junit . cannot be written: it is a folder.\n",
    });
    expect((await refused("--detach", "--junit", "a.xml")).err).toContain("--detach");
    expect((await refused("--repeat", "21")).err).toContain("whole number from 1 to 20");
    const old = write("old.xml", "an earlier run's");
    const { code, err } = await cli("run", "missing.py", "--junit", old).ended;
    expect([code, err]).toEqual([1, "There is no file and no folder missing.py.\n"]);
    expect(existsSync(join(home, old))).toBe(false);
    expect((await runsOfServer()).length).toBe(before);
    expect(existsSync(join(home, "a.xml"))).toBe(false);
  });

  test("--repeat runs a load test as one group, and stops where a run could not run", async () => {
    const loadTestId = await defineShop(server.client, shop.url);
    const gate = write("group.criteria", "requests > 3\n");
    const group = await cli(
      "run",
      loadTestId,
      ...SHORT,
      "--repeat",
      "2",
      "--criteria",
      gate,
      ...REPORTS,
    ).ended;
    expect(group.out).toMatch(
      /\nShop #1 \(1 of 2\): passed, \d+ requests, [\d.]+ req\/s, [\d.]+ % failed, p95 [\d.]+ ms\.\n/,
    );
    expect(group.out).toContain("2 of 2 runs passed.\n");
    expect(group.code).toBe(0);
    const { items } = await server.client.listLoadTestRuns({ params: { loadTestId } });
    const groups = new Set(items.map(({ runGroupId }) => runGroupId));
    expect([items.length, groups.size, [...groups][0]]).toEqual([
      2,
      1,
      expect.stringMatching(/^[\w-]{36}$/),
    ]);
    expect(written("load.xml")).toMatch(
      /classname="Shop \(1 of 2\)"[^]*classname="Shop \(2 of 2\)"/,
    );
    expect(written("load.md")).toContain("## 2 of 2 runs passed.");
    expect(JSON.parse(written("load.json")).runs).toHaveLength(2);

    const args = [await defineBroken(), ...SHORT, "--repeat", "3", "--junit", "out/broken.xml"];
    const broken = await cli("run", ...args).ended;
    expect(broken.out).toContain("0 of 3 runs passed. 2 were not started.\n");
    expect(broken.code).toBe(5);
    expect(written("broken.xml").match(/<testsuite /g)).toHaveLength(1);
  });

  test("who is not allowed, and a server that is away, have exit codes of their own", async () => {
    const place = newFolder();
    const tokens = ["viewer", "runner"].map(
      (role) =>
        `    - { name: ${role}, token: token-of-the-${role}-123, accountId: acc, role: ${role} }\n`,
    );
    const config = `security:\n  apiToken: token-of-the-admin-123\n  locustCallbackToken: callback-token-1234\n  apiTokens:\n${tokens.join("")}`;
    const guarded = await startServer({ python, dataDir: place, config });
    const file = write("allowed.py", LOCUSTFILE);
    const run = (address: string, token: string) => {
      const env = {
        LOAD_MANAGER_URL: address,
        LOAD_MANAGER_API_TOKEN: token,
        XDG_CONFIG_HOME: home,
      };
      return command(
        ["run", file, "--scope", "acc/org/proj", "--target-url", shop.url, ...SHORT],
        home,
        env,
      ).ended;
    };
    try {
      const codes = [];
      for (const token of ["", "wrong-token-123456", "token-of-the-viewer-123"]) {
        const { code, out, err } = await run(guarded.address, token);
        const why = token.includes("viewer")
          ? /may not|not allowed|role/
          : /--token-file, \$LOAD_MANAGER_API_TOKEN/;
        expect([out, err]).toEqual(["", expect.stringMatching(why)]);
        codes.push(code);
      }
      expect(codes).toEqual([7, 7, 7]);
    } finally {
      await guarded.kill("SIGTERM");
      removeFolder(place);
    }
    const away = await run(`http://127.0.0.1:${await freePort()}`, "");
    expect([away.code, away.err]).toEqual([8, expect.stringContaining("does not respond")]);
  });

  describe("Ctrl-C while a run without a server starts", () => {
    const env = () => ({ LOAD_MANAGER_PYTHON: python, XDG_CONFIG_HOME: join(home, "none") });
    const alone = (place: string) => {
      const args = ["--target-url", shop.url, "--duration", "1h", "--data-dir", place];
      return command(["run", write("alone.py", LOCUSTFILE), ...args], home, env());
    };

    test("before there is a run: none is started", async () => {
      const place = join(home, "early");
      const started = alone(place);
      while (!existsSync(place)) await sleep(5);
      started.child.kill("SIGINT");
      const { code, out, err } = await started.ended;
      expect([code, out, err]).toEqual([
        4,
        "",
        "Interrupted before the run was started; no run was started.\n",
      ]);
      expectNoProcesses(place);
      expect(existsSync(join(place, "runs")) ? readdirSync(join(place, "runs")) : []).toEqual([]);
    });

    test("while Locust starts: the run is stopped, and no process is left", async () => {
      const place = join(home, "starting");
      const started = alone(place);
      const runs = join(place, "runs");
      await until("the run's folder", () => (existsSync(runs) ? readdirSync(runs)[0] : undefined));
      started.child.kill("SIGINT");
      const { code, out } = await started.ended;
      expect(out).toContain("Stopping the run …");
      expect(out).toMatch(/alone #1: Stopped\./);
      expect(code).toBe(4);
      expectNoProcesses(place);
    });
  });
});
