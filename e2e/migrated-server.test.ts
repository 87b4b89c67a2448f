import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Db, MongoClient } from "mongodb";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fillLegacy } from "../legacy-import/src/testing/legacy-fixtures.ts";
import { CLI, LOCUSTS, newFolder, removeFolder, start, startServer, until } from "./harness.ts";

const python = LOCUSTS[0]?.python ?? "python3";
const uri = process.env["LOAD_MANAGER_TEST_MONGODB_URI"] ?? "";
const database = `load_manager_e2e_migrated_${process.pid}`;
const OLDER = `# Of the older program
server:
  port: 8080
  timeout: 30
mongodb:
  uri: ${uri}
  database: ${database}
  collection: ""
security:
  apiToken: ""
locustClusters:
  - id: cluster-1
    baseUrl: http://127.0.0.1:9
    tenantId: acme
    authToken: ""
`;
const MAPPING = `tenants:
  acme: { accountId: acc123, orgId: org456, projectId: proj789 }
patterns:
  - { match: "team-*", accountId: acc123, orgId: "$1", projectId: "\${projectId}" }
`;

const folder = newFolder();
const client = new MongoClient(uri);
let db: Db;
beforeAll(() => {
  db = client.db(database);
});
afterAll(async () => {
  await db.dropDatabase();
  await client.close();
  removeFolder(folder);
});

const run = async (...args: readonly string[]) => {
  const program = start(process.execPath, [CLI, ...args], {}, folder);
  return { code: await program.ended, output: program.output() };
};

test(
  "an older file and an older database become a server that shows the older load tests",
  { timeout: 600_000 },
  async () => {
    const place = (name: string): string => join(folder, name);
    writeFileSync(place("old.yaml"), OLDER);
    writeFileSync(place("mapping.yaml"), MAPPING);
    await fillLegacy(db, {
      shapes: ["camel", "lower"],
      tests: 3,
      runs: 7,
      metrics: 2,
      malformed: 0,
    });

    const migrated = start(
      "/bin/sh",
      [
        "-c",
        `"${process.execPath}" "${CLI}" migrate config old.yaml --mapping mapping.yaml > new.yaml`,
      ],
      {},
      folder,
    );
    expect([await migrated.ended, migrated.output()]).toEqual([
      0,
      "old.yaml:4:3: server.timeout is not a setting today; it is now a comment\n",
    ]);
    const config = readFileSync(place("new.yaml"), "utf8");
    expect(config).toContain("kind: mongodb");
    const rehearsal = ["migrate", "--config", "new.yaml", "--mapping", "mapping.yaml", "--dry-run"];
    const dry = await run(...rehearsal, "--samples", "samples");
    expect([dry.code, dry.output]).toEqual([
      0,
      expect.stringMatching(/2 scripts in load tests become the first revision of their load test/),
    ]);
    const sample = (name: string): unknown =>
      JSON.parse(readFileSync(join(folder, "samples", name), "utf8"));
    expect(sample("load_tests-1-before.json")).toMatchObject({ tenantId: "acme", squad: "blue" });
    expect(sample("load_tests-1-after.json")).toMatchObject({ accountId: "acc123" });
    const mistyped = await run(...rehearsal, "--uri", uri, "--database", `${database}x`);
    expect([mistyped.code, mistyped.output]).toEqual([
      0,
      expect.stringContaining(`there is no database ${database}x (did you mean "${database}"?)`),
    ]);
    const data = await run("migrate", "--config", "new.yaml", "--mapping", "mapping.yaml");
    expect([data.code, data.output]).toEqual([0, expect.stringContaining("is migrated")]);

    const server = await startServer({ python, dataDir: place("data"), config });
    const { items } = await server.client.listLoadTests({ query: { accountId: "acc123" } });
    expect(items.map(({ name }) => name).toSorted()).toEqual([
      "Checkout 0",
      "Checkout 0",
      "Checkout 1",
      "Checkout 1",
      "Checkout 2",
      "Checkout 2",
    ]);
    const refused = await run("migrate", "rollback", "--config", "new.yaml");
    expect([refused.code, refused.output]).toEqual([
      1,
      expect.stringMatching(/A Load Manager server \(.+\) works on the database/),
    ]);

    // What a rollback does first.
    await db.collection<{ _id: string }>("store_meta").deleteOne({ _id: "schema" });
    await until("the server's end", () => (server.child.exitCode === null ? undefined : true), 10);
    expect([await server.ended, server.output()]).toEqual([
      1,
      expect.stringMatching(/no longer has the data .* its migration was rolled back/),
    ]);
    const rolledBack = await run("migrate", "rollback", "--config", "new.yaml");
    expect(rolledBack).toEqual({
      code: 0,
      output: expect.stringContaining("The older data have their names back."),
    });
    rmSync(place("new.yaml"));
  },
);
