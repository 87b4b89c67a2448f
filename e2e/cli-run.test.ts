import { writeFileSync } from "node:fs";
import { join } from "node:path";
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
  running,
  type Server,
  settled,
  startServer,
  until,
} from "./harness.ts";

const SHORT = ["--users", "3", "--spawn-rate", "5", "--duration", "4s"];
const SCOPE = "acme/web/shop";

// What the command does is the same with every Locust.
describe.each(LOCUSTS.slice(0, 1))("load-manager run on $name", ({ python }) => {
  const dataDir = newFolder();
  const home = newFolder();
  let server: Server;
  let shop: Shop;
  const serve = async (port: number) =>
    startServer({ python, dataDir, port, config: "orchestrator:\n  pendingTimeoutSeconds: 2\n" });
  const cli = (...args: string[]) =>
    command(args, home, { LOAD_MANAGER_URL: server.address, XDG_CONFIG_HOME: home });
  const script = (name: string, content = LOCUSTFILE): string => {
    writeFileSync(join(home, name), content);
    return name;
  };

  beforeAll(async () => {
    shop = await startShop();
    server = await serve(await freePort());
  });
  afterAll(async () => {
    await server.kill("SIGTERM");
    await shop.close();
    expectNoProcesses(dataDir);
    expectNoProcesses(join(home, "own"));
    removeFolder(dataDir);
    removeFolder(home);
  });

  test("a locustfile becomes a load test, runs and is shown; a server that was killed meanwhile is asked again", async () => {
    const file = script("checkout.py");
    const asked = ["--target-url", shop.url, "--scope", SCOPE];
    const started = cli("run", file, ...SHORT, ...asked);
    await until("load", () => /req\/s/.exec(started.out())?.[0]);
    const { port } = new URL(server.address);
    await server.kill("SIGKILL");
    await until("the loss", () => /does not answer/.exec(started.out())?.[0]);
    server = await serve(Number(port));
    const { code, out } = await started.ended;
    expect(out).toContain("checkout #1: Finished. The duration was reached.");
    expect(out).toMatch(
      /The server does not answer; the run goes on[^]*The server answers again\./,
    );
    expect(code).toBe(0);
    const { items } = await server.client.listRuns({ query: {} });
    const [run] = items;
    expect(run?.name).toBe("checkout #1");
    const [, total] = /All endpoints +(\d+)/.exec(out) ?? [];
    const counts = Object.values(shop.counts(run?.id ?? ""));
    expect(Number(total)).toBe(counts.reduce((sum, { requests }) => sum + requests, 0));
    // The same again: no new load test, no new revision.
    const again = await cli("run", "checkout", ...SHORT, "--output", "json").ended;
    expect(again.code).toBe(0);
    // As the API answers it: times are ISO 8601.
    const isoTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    const second = { runNumber: 2, status: "Finished", createdAt: isoTime };
    expect(JSON.parse(again.out)).toMatchObject(second);
    const runs = await cli("runs", "list", "--output", "json").ended;
    expect(JSON.parse(runs.out)[0]).toEqual(JSON.parse(again.out));
    const list = await cli("tests", "list", "--output", "json").ended;
    expect(JSON.parse(list.out)).toMatchObject([
      { name: "checkout", latestRevision: { revisionNumber: 1 }, createdAt: isoTime },
    ]);
    const shown = await cli("tests", "show", "checkout").ended;
    expect(shown.out).toMatch(/#2 {2}Finished, p95 \d+ ms, [\d.]+ % failed/);
  });

  test("a run that could not run, one that is stopped by a signal, and one that waited too long", async () => {
    const broken = script("broken.py", `${LOCUSTFILE}\nimport no_such_package\n`);
    const place = ["--target-url", shop.url, "--scope", SCOPE];
    const failed = await cli("run", broken, ...SHORT, ...place).ended;
    expect(failed.out).toMatch(/broken #1: Could not run\.[^]*no_such_package/);
    expect(failed.code).toBe(5);
    const loadTestId = await defineShop(server.client, shop.url);
    const long = cli("run", loadTestId, "--users", "2", "--duration", "1h");
    await until("load", () => /req\/s/.exec(long.out())?.[0]);
    const waited = await cli("run", loadTestId, ...SHORT).ended;
    expect(waited.out).toContain("is busy with the run");
    expect(waited.code).toBe(6);
    long.child.kill("SIGINT");
    const stopped = await long.ended;
    expect(stopped.out).toContain("Stopping the run …");
    expect(stopped.code).toBe(4);
  });

  test("the verdict decides the exit code, and --fail-on which verdict does", async () => {
    const exit = async (expression: string, ...more: string[]) => {
      const loadTestId = await defineShop(server.client, shop.url);
      const criteria = [{ expression }];
      await server.client.updateLoadTest({ params: { loadTestId }, body: { criteria } });
      const { code, out } = await cli("run", loadTestId, ...SHORT, ...more).ended;
      return [code, /Verdict: (\w+)/.exec(out)?.[1]];
    };
    expect(await exit("p95 < 1 ms")).toEqual([2, "failed"]);
    expect(await exit("p99.9 < 5000 ms")).toEqual([3, "inconclusive"]);
    expect(await exit("p99.9 < 5000 ms", "--fail-on", "failed")).toEqual([0, "inconclusive"]);
    expect(await exit("requests > 3")).toEqual([0, "passed"]);
  });

  test("a load test of a file is applied, and runs by its name with the criteria of the file", async () => {
    script("as-code.py");
    const criteria = "criteria: [p95 < 1 ms]";
    const loadTest = `{ name: As code, script: as-code.py, targetUrl: "${shop.url}", ${criteria} }`;
    const place = "accountId: acme\norgId: web\nprojectId: shop\n";
    writeFileSync(join(home, "load-manager.tests.yaml"), `${place}loadTests:\n  - ${loadTest}\n`);
    const applied = await cli("apply").ended;
    expect(applied.out).toContain("As code: created");
    expect(applied.code).toBe(0);
    const { code, out } = await cli("run", "As code", ...SHORT).ended;
    expect([code, /Verdict: (\w+)/.exec(out)?.[1]]).toEqual([2, "failed"]);
    expect((await cli("apply").ended).out).toContain("As code: unchanged");
  });

  test("--detach leaves the run alone; runs list, show, stop and watch find it", async () => {
    const loadTestId = await defineShop(server.client, shop.url);
    const detached = await cli("run", loadTestId, "--users", "1", "--duration", "10m", "--detach")
      .ended;
    expect(detached.code).toBe(0);
    const id = detached.out.trim();
    const watching = cli("runs", "watch", id);
    await running(server.client, id);
    const list = await cli("runs", "list", "--status", "Running").ended;
    expect(list.out).toContain(id);
    expect((await cli("runs", "show", id).ended).out).toContain("Status    Running");
    const stopped = await cli("runs", "stop", id, "--reason", "seen enough").ended;
    expect(stopped.code).toBe(0);
    const watched = await watching.ended;
    expect(watched.out).toContain("seen enough");
    expect(watched.code).toBe(4);
    await settled(server.client, id);
  });

  test("without a server a script runs on one of the command alone, which leaves nothing behind but its data", async () => {
    const file = script("alone.py");
    const env = { LOAD_MANAGER_PYTHON: python, XDG_CONFIG_HOME: home };
    const own = ["--target-url", shop.url, "--data-dir", join(home, "own")];
    const { code, out } = await command(["run", file, ...SHORT, ...own], home, env).ended;
    expect(out).toContain("alone #1 on a server of this command alone.");
    expect(out).toMatch(/All endpoints +[1-9]/);
    expect(code).toBe(0);
    expectNoProcesses(join(home, "own"));
    const detached = await command(["run", file, "--detach"], home, env).ended;
    expect([detached.code, detached.err]).toEqual([
      1,
      "--detach needs a server that goes on: name one with --server, or log in.\n",
    ]);
    const without = { ...env, LOAD_MANAGER_PYTHON: "/usr/bin/env" };
    expect(await command(["run", file, ...SHORT, ...own], home, without).ended).toEqual({
      code: 1,
      out: "",
      err: "LOAD_MANAGER_PYTHON is /usr/bin/env, which cannot import locust.\nThere is no Locust; no run was started.\n",
    });
  });
});
