import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, test } from "vitest";
import { ADMIN, cliServer } from "../testing/cli-server.ts";
import { recordingProxy } from "../testing/recording-proxy.ts";

const TOKENS = { viewer: "token-of-a-viewer-acme", foreign: "token-of-another-account" };
const { root, address, client, run } = cliServer([
  `{ name: viewer, token: ${TOKENS.viewer}, role: viewer, accountId: acme }`,
  `{ name: foreign, token: ${TOKENS.foreign}, role: admin, accountId: other }`,
]);

const proxy = recordingProxy(address);
const { state } = proxy;

let projects = 0;
let scope = { accountId: "acme", orgId: "web", projectId: "" };
beforeEach(() => {
  scope = { ...scope, projectId: `project-${(projects += 1)}` };
  state.before = async () => {};
});

const writesIn = (all: readonly string[]): string[] =>
  all.filter((one) => !one.startsWith("GET ") && !one.endsWith("/check"));

const fileWith = (loadTests: string, files: Record<string, string> = {}): string => {
  const folder = join(root, scope.projectId);
  const head = Object.entries(scope).map(([name, value]) => `${name}: ${value}\n`);
  const all = { ...files, "load.yaml": `${head.join("")}loadTests:\n${loadTests}` };
  for (const [path, content] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return join(folder, "load.yaml");
};

const apply = async (file: string, args: readonly string[] = [], token = ADMIN) => {
  state.requests = [];
  const ended = await run(["apply", file, "--server", proxy.address(), ...args], {
    LOAD_MANAGER_API_TOKEN: token,
    SHOP_TOKEN: "a-long-secret",
  });
  expect(`${ended.out}${ended.err}`).not.toContain("a-long-secret");
  return ended;
};

const named = async (name: string) => {
  const { items } = await client().listLoadTests({ query: scope });
  const [found] = items.filter((one) => one.name === name);
  if (found === undefined) throw new Error(`There is no load test ${name}.`);
  return found;
};

const USERS = "from locust import HttpUser\n\n\nclass Shopper(HttpUser):\n    pass\n";
const FILES = {
  "load/locustfile.py": USERS,
  "load/data/a.csv": "a\n",
  "load/.load-manager-ignore": "notes/\n",
  "load/notes/a.txt": "x",
  "browse.py": USERS,
};
const TWO = `
  - name: Checkout
    script: load
    targetUrl: http://shop.example
    defaultUsers: 10
    environment: { SHOP_TOKEN: "\${SHOP_TOKEN}" }
    scriptOptions: { basket: 3 }
    criteria: [p95 < 300 ms]
    baseline: { kind: rolling }
  - name: Browse
    script: browse.py
    targetUrl: http://shop.example
`;

describe("apply", () => {
  test("creates what is not there; the same file again changes nothing", async () => {
    const file = fileWith(TWO, FILES);
    const created = await apply(file);
    expect([created.code, created.err]).toEqual([0, ""]);
    expect(created.out).toContain("  criteria.c1: – → p95 < 300 ms\n");
    expect(created.out).toContain("  baseline.runs: – → 8\n");
    expect(created.out).toContain("  environment.SHOP_TOKEN: – → ***\n");
    expect(created.out).toContain("  script: – → load (files: 2)\n");
    expect(created.out).toMatch(/\n2 created\.\n$/);
    const checkout = await named("Checkout");
    expect(checkout).toMatchObject({ ...scope, defaultUsers: 10, environment: expect.anything() });
    const params = { loadTestId: checkout.id };
    const { files, revisionNumber } = await client().getScript({ params });
    expect(revisionNumber).toBe(1);
    expect(files.map(({ path }) => path)).toEqual(["data/a.csv", "locustfile.py"]);
    expect(
      await client().getScript({ params: { loadTestId: (await named("Browse")).id } }),
    ).toEqual(expect.objectContaining({ entrypoint: "browse.py" }));
    const all = await client().listLoadTests({ query: scope });
    const again = await apply(file);
    expect([again.code, again.err]).toEqual([0, ""]);
    expect(again.out).toBe(
      `Checkout: unchanged (${checkout.id})\nBrowse: unchanged (${(await named("Browse")).id})\n2 unchanged.\n`,
    );
    // The server alone compares hidden values.
    expect(writesIn(state.requests)).toEqual([`PATCH /v1/load-tests/${checkout.id}`]);
    expect(await client().listLoadTests({ query: scope })).toEqual(all);
  });

  test("changes what the file names, tells it as old and new, and leaves alone what it does not name", async () => {
    const file = fileWith(TWO, FILES);
    await apply(file);
    const { id } = await named("Checkout");
    const params = { loadTestId: id };
    const body = { description: "by hand", defaultUsers: 99, defaultDurationSec: 60 };
    await client().updateLoadTest({ params, body });
    fileWith(
      TWO.replace("p95 < 300 ms", "p95 < 200 ms").replace("    scriptOptions: { basket: 3 }\n", ""),
      { ...FILES, "load/locustfile.py": `${USERS}# more\n`, "load/b.txt": "b" },
    );
    const changed = await apply(file);
    expect([changed.code, changed.err]).toEqual([0, ""]);
    expect(changed.out).toBe(
      [
        `Checkout: changed (${id})`,
        "  defaultUsers: 99 → 10",
        "  criteria.c1: p95 < 300 ms → p95 < 200 ms",
        "  script: revision 1 → load",
        "    added: b.txt",
        "    changed: locustfile.py",
        "  hidden, so not compared here: environment.SHOP_TOKEN",
        `Browse: unchanged (${(await named("Browse")).id})`,
        "1 changed, 1 unchanged.",
        "",
      ].join("\n"),
    );
    expect(await named("Checkout")).toMatchObject({
      description: "by hand",
      defaultDurationSec: 60,
      defaultUsers: 10,
      scriptOptions: { basket: expect.anything() },
      latestRevision: { revisionNumber: 2 },
    });
    fileWith(TWO.replace("defaultUsers: 10", "defaultUsers: 10\n    description: null"), FILES);
    expect((await apply(file)).out).toContain("  description: by hand → –\n");
    expect(await named("Checkout")).not.toHaveProperty("description");
  });

  test("a changed secret is applied and told without its value", async () => {
    const secret = (value: string) =>
      fileWith(
        `  - { name: A, targetUrl: "http://a", environment: { KEY: "${value}", OTHER: "\${SHOP_TOKEN}" } }\n`,
      );
    await apply(secret("the-first-secret"));
    const changed = await apply(secret("the-second-secret"));
    const { id } = await named("A");
    expect(changed.out).toBe(
      `A: changed (${id})\n  changed, and hidden: environment.KEY, environment.OTHER\n1 changed.\n`,
    );
    expect((await apply(secret("the-second-secret"))).out).toContain("A: unchanged");
    expect((await apply(secret("***"))).out).toContain("A: unchanged");
    const dry = await apply(secret("the-third-secret"), ["--dry-run", "--exit-code"]);
    expect([dry.code, dry.out]).toEqual([
      0,
      expect.stringContaining("hidden, so not compared here: environment.KEY"),
    ]);
    const missing = await apply(
      fileWith('  - { name: B, targetUrl: "http://a", environment: { X: "***" } }\n'),
    );
    expect([missing.code, missing.err]).toEqual([
      1,
      expect.stringContaining("load.yaml:5:54: loadTests[0].environment.X must have its value"),
    ]);
  });

  test("a dry run writes nothing, and tells by its exit code where it is asked", async () => {
    const file = fileWith(TWO, FILES);
    const dry = await apply(file, ["--dry-run"]);
    expect([dry.code, dry.err]).toEqual([0, ""]);
    expect(dry.out).toContain("Checkout: to create\n  targetUrl: – → http://shop.example\n");
    expect(dry.out).toMatch(/\n2 to create\.\n$/);
    expect(state.requests.length).toBeGreaterThan(0);
    expect(writesIn(state.requests)).toEqual([]);
    expect((await client().listLoadTests({ query: scope })).items).toEqual([]);
    expect((await apply(file, ["--dry-run", "--exit-code"])).code).toBe(1);
    await apply(file);
    fileWith(TWO.replace("defaultUsers: 10", "defaultUsers: 11"), { "browse.py": `${USERS}#\n` });
    const json = await apply(file, ["--dry-run", "--output", "json"]);
    const { id } = await named("Checkout");
    expect(JSON.parse(json.out)).toEqual({
      dryRun: true,
      scope,
      loadTests: [
        {
          name: "Checkout",
          id,
          outcome: "change",
          changes: [{ field: "defaultUsers", before: 10, after: 11 }],
          notCompared: expect.arrayContaining(["environment.SHOP_TOKEN"]),
          warnings: [],
        },
        {
          name: "Browse",
          id: (await named("Browse")).id,
          outcome: "change",
          changes: [],
          script: {
            path: "browse.py",
            revision: 1,
            files: [{ path: "browse.py", kind: "changed" }],
          },
          notCompared: [],
          warnings: [],
        },
      ],
    });
    expect(writesIn(state.requests)).toEqual([]);
    expect((await named("Checkout")).defaultUsers).toBe(10);
  });

  test("another scope than the file's, and its environments apart from the project", async () => {
    const file = fileWith('  - { name: A, targetUrl: "http://a" }\n');
    const { accountId, orgId, projectId } = scope;
    const place = `${accountId}/${orgId}/${projectId}`;
    expect((await apply(file, ["--scope", `${place}/staging`])).out).toContain("1 created");
    expect((await apply(file)).out).toContain("1 created");
    expect((await apply(file, ["--scope", `${place}/staging`])).out).toContain("1 unchanged");
    const { items } = await client().listLoadTests({ query: scope });
    expect(new Set(items.map(({ envId }) => envId))).toEqual(new Set(["staging", undefined]));
  });
});

describe("nothing is written", () => {
  const refused = async (file: string, token = ADMIN) => {
    const ended = await apply(file, [], token);
    expect(writesIn(state.requests)).toEqual([]);
    return ended;
  };

  test("where anything of the file is wrong, which is told with its line", async () => {
    const file = fileWith(
      `  - { name: A, targetUrl: "http://a" }
  - name: B
    script: bad.py
    maxDurationSec: 60
    criteria:
      - rps > 1
      - p95 < 1 s over last 5 min
`,
      { "bad.py": "import os\ndef x(:\n" },
    );
    const { code, err, out } = await refused(file);
    expect([code, out]).toEqual([1, ""]);
    expect(err.trimEnd().split("\n")).toEqual([
      expect.stringMatching(/load\.yaml:6:5: loadTests\[1\]\.targetUrl is required$/),
      expect.stringMatching(/load\.yaml:7:5: loadTests\[1\]\.script bad\.py, line 2: /),
      expect.stringMatching(/load\.yaml:11:9: loadTests\[1\]\.criteria\[1\]\.expression column /),
    ]);
    const long = fileWith(
      '  - { name: A, targetUrl: "http://a", maxDurationSec: 60, defaultDurationSec: 61 }\n',
    );
    expect((await refused(long)).err).toContain(
      "defaultDurationSec must be at most maxDurationSec",
    );
  });

  test("where two load tests of the server have the name; both ids are told", async () => {
    const body = { ...scope, name: "A", targetUrl: "http://a" };
    const one = await client().createLoadTest({ body });
    const two = await client().createLoadTest({ body });
    const { code, err } = await refused(fileWith("  - name: A\n    defaultUsers: 3\n"));
    expect(code).toBe(1);
    expect(err).toContain("load.yaml:5:5: loadTests[0].name is the name of 2 load tests");
    expect(err).toContain(one.id);
    expect(err).toContain(two.id);
  });

  test("without a server, without a token, without the role, and in the scope of another tenant", async () => {
    const file = fileWith('  - { name: A, targetUrl: "http://a" }\n');
    const away = await run(["apply", file, "--server", "http://127.0.0.1:1"]);
    expect([away.code, away.err]).toEqual([8, expect.stringContaining("does not respond")]);
    expect((await refused(file, "an-unknown-token-of-nobody")).code).toBe(7);
    const viewer = await apply(file, [], TOKENS.viewer);
    expect([viewer.code, viewer.err]).toEqual([7, expect.stringContaining("loadTests.write")]);
    expect(viewer.out).toBe("A: failed\n  written: nothing\n1 failed.\n");
    expect((await apply(file, ["--dry-run"], TOKENS.viewer)).out).toContain("A: to create");
    const foreign = await apply(file, [], TOKENS.foreign);
    expect([foreign.code, foreign.err]).toEqual([
      1,
      expect.stringContaining("There is no project"),
    ]);
    expect((await client().listLoadTests({ query: scope })).items).toEqual([]);
  });
});

describe("what happens in between", () => {
  test("a load test that fails is told with what was written; the next time the rest is written", async () => {
    const file = fileWith(`${TWO}  - { name: Third, targetUrl: "http://a" }\n`, FILES);
    state.before = async (request) => {
      const isSecond = state.requests.filter((one) => one.startsWith("PUT ")).length === 2;
      return isSecond && request.startsWith("PUT ") ? "break" : undefined;
    };
    const failed = await apply(file);
    const [checkout, browse] = [await named("Checkout"), await named("Browse")];
    expect(failed.code).toBe(8);
    expect(failed.out).toContain(`Checkout: created (${checkout.id})\n`);
    expect(failed.out).toMatch(
      new RegExp(
        `\nBrowse: failed \\(${browse.id}\\)\n  written: the load test\nThird: not reached\n1 created, 1 failed, 1 not reached\\.\n$`,
      ),
    );
    expect(failed.err).toMatch(/load\.yaml:14:5: Browse: .* does not respond/);
    expect(failed.err).toContain("is not known");
    state.before = async () => {};
    const completed = await apply(file);
    expect([completed.code, completed.err]).toEqual([0, ""]);
    expect(completed.out).toContain("Checkout: unchanged");
    expect(completed.out).toContain(`Browse: changed (${browse.id})\n  script: – → browse.py`);
    expect(completed.out).toContain("1 unchanged, 1 changed, 1 created.");
  });

  test("a refusal of the server in JSON", async () => {
    const file = fileWith('  - { name: A, targetUrl: "http://a", locustClusterId: nowhere }\n');
    const { code, out, err } = await apply(file, ["--output", "json"]);
    expect([code, err]).toEqual([1, expect.stringContaining("nowhere")]);
    expect(JSON.parse(out).loadTests).toEqual([
      expect.objectContaining({ outcome: "failed", written: [], error: expect.any(String) }),
    ]);
  });

  test.each(["PATCH", "PUT"])(
    "a change by somebody else before the %s is an error, and stays",
    async (method) => {
      const file = fileWith(TWO, FILES);
      await apply(file);
      const { id } = await named("Checkout");
      const files = method === "PUT" ? { "load/data/a.csv": "b\n" } : {};
      fileWith(TWO.replace("defaultUsers: 10", "defaultUsers: 20"), files);
      const params = { loadTestId: id };
      state.before = async (request) => {
        if (!request.startsWith(method)) return;
        state.before = async () => {};
        await client().updateLoadTest({ params, body: { defaultUsers: 99 } });
      };
      const { code, err } = await apply(file);
      expect([code, err]).toEqual([1, expect.stringContaining("has changed since")]);
      expect((await named("Checkout")).defaultUsers).toBe(99);
      expect((await apply(file)).out).toContain("defaultUsers: 99 → 20");
    },
  );

  test("a change of the same field between script and settings is an error, one of another is none", async () => {
    const file = fileWith(TWO, FILES);
    await apply(file);
    const params = { loadTestId: (await named("Checkout")).id };
    const changing = async (
      content: string,
      body: { defaultUsers?: number; description?: string },
    ) => {
      fileWith(TWO.replace("defaultUsers: 10", "defaultUsers: 20"), { "load/data/a.csv": content });
      state.before = async (request) => {
        if (request !== `GET /v1/load-tests/${params.loadTestId}`) return;
        await client().updateLoadTest({ params, body });
      };
      return apply(file);
    };
    const same = await changing("b\n", { defaultUsers: 99 });
    expect([same.code, same.err]).toEqual([
      1,
      expect.stringContaining("Checkout: Somebody else has changed defaultUsers meanwhile."),
    ]);
    expect(same.out).toContain("  written: revision 2 of the script\n");
    const other = await changing("c\n", { description: "theirs" });
    expect([other.code, other.err]).toEqual([0, ""]);
    expect(await named("Checkout")).toMatchObject({ defaultUsers: 20, description: "theirs" });
  });
});

test("the example's file is one", async () => {
  const example = fileURLToPath(
    new URL("../../../examples/project/load-manager.tests.yaml", import.meta.url),
  );
  expect(readFileSync(example, "utf8")).toContain("Shop as code");
  const dry = await apply(example, ["--dry-run"]);
  expect([dry.code, dry.err]).toEqual([0, ""]);
  expect(dry.out).toContain("Shop as code: to create\n");
});
