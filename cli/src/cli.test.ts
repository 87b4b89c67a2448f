import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "@load-manager/server/lib/testing/temporary-folder.ts";

const CLI = fileURLToPath(new URL("../bin/load-manager.js", import.meta.url));
const folder = temporaryFolder();
const run = (...args: string[]) => {
  const result = spawnSync(process.execPath, [CLI, ...args], {
    cwd: folder,
    encoding: "utf8",
    timeout: 30_000,
  });
  return { code: result.status, out: result.stdout, err: result.stderr };
};

describe("the command line", () => {
  test("says its version, also when an older Node starts it", () => {
    expect(run("version")).toMatchObject({ code: 0, out: "0.1.0\n" });
    const system = ["/usr/bin/node", "/usr/local/bin/node"].find(existsSync);
    if (system === undefined) return;
    const result = spawnSync(system, [CLI, "version"], { encoding: "utf8" });
    expect([result.status, result.stdout]).toEqual([0, "0.1.0\n"]);
  });

  test("a typo is answered with what there is", () => {
    const typo = run("sevre");
    expect([typo.code, typo.err]).toEqual([1, expect.stringContaining("unknown command 'sevre'")]);
    expect(run("serve", "--prot", "1").err).toContain("--port");
    const users = run("demo", "--users", "0");
    expect([users.code, users.err]).toEqual([
      1,
      expect.stringContaining("whole number from 1 to 10000"),
    ]);
    expect(run("demo", "--spawn-rate", "NaN").err).toContain("number above 0");
  });

  test("config check names file, line, column and setting; print shows where all comes from", () => {
    const file = join(folder, "bad.yaml");
    writeFileSync(file, "server:\n  prot: 1\n");
    const bad = run("config", "check", "--config", file);
    expect([bad.code, bad.err]).toEqual([
      1,
      expect.stringContaining("bad.yaml:2:3: server.prot is not a setting"),
    ]);
    expect(run("config", "check")).toMatchObject({
      code: 0,
      out: expect.stringContaining("is valid"),
    });
    const print = run("config", "print", "--origin", "--port", "1234");
    expect(print.out).toContain("server.port: 1234  # --port");
    expect(print.out).toContain('server.host: "127.0.0.1"  # default');
  });

  test("config check names tokens without a role, which are admin", () => {
    const file = join(folder, "tokens.yaml");
    const token = (name: string, more: string): string =>
      `    - { name: ${name}, token: token-of-${name}-1234567, accountId: acme${more} }\n`;
    writeFileSync(
      file,
      `security:\n  locustCallbackToken: callback-123456\n  apiTokens:\n${token("a", "")}${token("b", ", role: viewer")}`,
    );
    const { code, out } = run("config", "check", "--config", file);
    expect([code, out.split("\n").filter((line) => line.includes("no role"))]).toEqual([
      0,
      [expect.stringContaining("security.apiTokens[0] has no role, so it is an admin")],
    ]);
  });

  test("criteria are checked without a server, in quotes and in a file", () => {
    const file = join(folder, "gate.criteria");
    writeFileSync(file, "# gate\nwarn: max<2s\n");
    expect(run("criteria", "check", "p95(/a)<0.5s", "--file", file)).toEqual({
      code: 0,
      out: "p95(/a) < 500 ms\nwarn: max < 2000 ms\n",
      err: "",
    });
    expect(run("criteria", "check", "rps > 1", "errorRat < 5 %")).toEqual({
      code: 1,
      out: "rps > 1\n",
      err: expect.stringMatching(
        /^column 1: .*\(did you mean "errorRate"\?\)\n {2}errorRat < 5 %\n {2}\^{8}\n$/,
      ),
    });
    expect(run("criteria", "check")).toMatchObject({
      code: 1,
      err: expect.stringContaining("--file"),
    });
  });

  test("a reader that has had enough is no error", () => {
    const line = `"${process.execPath}" "${CLI}" config print | head -n 1`;
    const piped = spawnSync("bash", ["-o", "pipefail", "-c", line], { encoding: "utf8" });
    expect(piped).toMatchObject({ status: 0, stdout: 'server.host: "127.0.0.1"\n', stderr: "" });
  });

  test("config check warns of clusters that do not answer; schema is for editors", async () => {
    const listener = createServer();
    await new Promise<void>((resolve) => {
      listener.listen(0, "127.0.0.1", resolve);
    });
    const { port } = listener.address() as AddressInfo;
    await new Promise((resolve) => {
      listener.close(resolve);
    });
    const file = join(folder, "clusters.yaml");
    writeFileSync(
      file,
      `locustClusters: [{ id: far, baseUrl: "http://127.0.0.1:${port}", accountId: a, orgId: o, projectID: p }]`,
    );
    const { code, out } = run("config", "check", "--config", file);
    expect([code, out.split("\n")[0]]).toEqual([
      0,
      `Warning: The cluster far cannot be reached: http://127.0.0.1:${port}: ECONNREFUSED`,
    ]);
    const schema = JSON.parse(run("config", "schema").out);
    expect(schema.properties.server.properties.port).toMatchObject({ default: 8800 });
  });

  test("migrate config prints today's file, and what it could not take over", () => {
    const old = join(folder, "old.yaml");
    const mapping = join(folder, "mapping.yaml");
    writeFileSync(
      old,
      "# ours\nlocustClusters:\n  - { id: a, baseUrl: 'http://a', tenantId: t }\n",
    );
    writeFileSync(mapping, "tenants: { t: { accountId: a, orgId: o, projectId: p } }\n");
    expect(run("migrate", "config", old, "--mapping", mapping)).toEqual({
      code: 0,
      out: "# ours\nlocustClusters:\n  - { id: a, baseUrl: 'http://a', accountId: a, orgId: o, projectId: p }\n",
      err: "",
    });
    writeFileSync(mapping, "tenants: {}\n");
    const { code, err } = run("migrate", "config", old, "--mapping", mapping);
    expect([code, err]).toEqual([1, expect.stringContaining("old.yaml:3:5: locustClusters[0]")]);
    expect(run("migrate", "config", old).err).toContain("--mapping");
  });

  test("serve says what stands in its way, and leaves nothing half-done", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => {
      taken.listen(0, "127.0.0.1", resolve);
    });
    const { port } = taken.address() as AddressInfo;
    const busy = run("serve", "--port", String(port), "--data-dir", join(folder, "data"));
    expect([busy.code, busy.err]).toEqual([1, expect.stringContaining(`Port ${port}`)]);
    expect(busy.err).not.toContain("    at ");
    taken.close();
    writeFileSync(join(folder, "a-file"), "");
    const nowhere = run("serve", "--port", "0", "--data-dir", join(folder, "a-file", "data"));
    expect([nowhere.code, nowhere.err]).toEqual([1, expect.stringContaining("store.dataDir")]);
    expect(nowhere.err).not.toContain("    at ");
  });
});
