import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "./attached-locust.ts";
import {
  expectNoProcesses,
  LOCUSTS,
  newFolder,
  removeFolder,
  ROOT,
  type Server,
  startServer,
} from "./harness.ts";

const run = promisify(execFile);

/** The commands of a section of the README. */
const commandsOf = (section: string): string => {
  const text = readFileSync(join(ROOT, "README.md"), "utf8");
  const [, after = ""] = text.split(`\n## ${section}\n`);
  const [block] = after.split("\n## ");
  const commands = [...(block ?? "").matchAll(/```sh\n(.*?)```/gs)].map(([, one]) => one);
  expect(commands).toHaveLength(1);
  return commands.join("");
};

// A recipe is followed once; which Locust runs it makes no difference to its commands.
describe.each(LOCUSTS.slice(0, 1))("the README on $name", ({ python }) => {
  const dataDir = newFolder();
  const folder = newFolder();
  let server: Server;
  beforeAll(async () => {
    server = await startServer({ python, dataDir });
  });
  afterAll(async () => {
    await server.kill("SIGTERM");
    expectNoProcesses(dataDir);
    removeFolder(dataDir);
    removeFolder(folder);
  });

  test("bring your script: a project is pushed, checked and run by the commands as they are written", async () => {
    const shop = await freePort();
    const written = commandsOf("Bring your script");
    // Only ports, temporary files and how long the run lasts are others here.
    const commands = written
      .replaceAll("http://127.0.0.1:8800", server.address)
      .replaceAll("8900", String(shop))
      .replaceAll("/tmp/", `${folder}/`)
      .replaceAll("--test $ID", `--test $ID --server ${server.address}`)
      .replace('"defaultDurationSec": 20', '"defaultDurationSec": 6')
      .replace("kill %1", `curl -s "http://127.0.0.1:${shop}/__counts?run=$RUN"; kill %1`);
    const { stdout } = await run("bash", ["-e", "-m", "-c", commands], { cwd: ROOT });
    expect(stdout).toContain("User class Buyer: weight 1");
    expect(stdout).toContain("Option basket: number, default 2");
    const [id] =
      /"id":"([^"]+)"/.exec(readFileSync(join(folder, "run.json"), "utf8"))?.slice(1) ?? [];
    const ended = await server.client.getRun({ params: { runId: id ?? "" } });
    expect([ended.status, ended.statusReason?.code]).toEqual(["Finished", "duration_reached"]);
    const { items } = await server.client.getRunRequests({
      params: { runId: ended.id },
      query: {},
    });
    const totals = Object.fromEntries(
      items.map(({ method, name, totalRequests }) => [`${method} ${name}`, totalRequests]),
    );
    // The class Searcher and the tag payment are left out.
    expect(Object.keys(totals).toSorted()).toEqual(["GET /", "GET /products/[id]", "POST /cart"]);
    const counts = JSON.parse(/\{"[^\n]*\}\s*$/.exec(stdout.trim())?.[0] ?? "{}") as Record<
      string,
      { readonly requests: number }
    >;
    expect(
      Object.fromEntries(Object.entries(counts).map(([name, { requests }]) => [name, requests])),
    ).toEqual(totals);
  });
});
