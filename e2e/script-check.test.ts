import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "@load-manager/contract/api/client.ts";
import type { Client } from "@load-manager/contract/api/http-client.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  ONE_LOCUST,
  newFolder,
  removeFolder,
  ROOT,
  SCOPE,
  type Server,
  startServer,
  until,
} from "./harness.ts";

const script = (name: string) => readFileSync(join(ROOT, "e2e/scripts", name), "utf8");
const TOKENS = {
  admin: "token-of-the-administrator",
  editor: "token-of-an-editor",
  runner: "token-of-a-runner",
  viewer: "token-of-a-viewer",
};
const CONFIG = `
security:
  apiToken: ${TOKENS.admin}
  locustCallbackToken: what-locust-sends
  apiTokens:
${(["editor", "runner", "viewer"] as const)
  .map(
    (role) =>
      `    - { name: ${role}, token: ${TOKENS[role]}, role: ${role}, accountId: ${SCOPE.accountId} }`,
  )
  .join("\n")}
locustClusters:
  - { id: here, kind: local }
  - { id: there, kind: attached, baseUrl: "http://127.0.0.1:1", accountId: elsewhere, orgId: ${SCOPE.orgId}, projectId: ${SCOPE.projectId} }
`;
/** Marks what a script starts, so that a test finds what is left of it. */
const MARK = `sleep 61${process.pid}`;

const isRunning = (mark: string): boolean =>
  readdirSync("/proc").some((name) => {
    try {
      return readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ").includes(mark);
    } catch {
      return false;
    }
  });

describe.each(ONE_LOCUST)("the import of a script at a check, on $name", ({ python, name }) => {
  const [dataDir, temporary] = [newFolder(), newFolder()];
  /** The folders in which scripts are imported. */
  const leftFolders = () => readdirSync(temporary);
  let server: Server;
  let as: (role: keyof typeof TOKENS) => Client;
  beforeAll(async () => {
    server = await startServer({ python, dataDir, config: CONFIG, env: { TMPDIR: temporary } });
    as = (role) => createClient({ baseUrl: server.address, token: TOKENS[role] });
  });
  afterAll(async () => {
    await server.kill("SIGTERM");
    removeFolder(dataDir);
    removeFolder(temporary);
  });
  const here = { ...SCOPE };

  test("shows classes, tasks, options and tags", async () => {
    const client = as("editor");
    const found = await client.checkScript({ body: { content: script("classes.py"), ...here } });
    expect(found).toMatchObject({ ok: true, errors: [], imported: true, tags: ["quick", "slow"] });
    expect(found.userClasses).toEqual([
      {
        name: "Reader",
        weight: 1,
        fixedCount: 0,
        tasks: [
          { name: "home", weight: 1, tags: ["quick"] },
          { name: "products", weight: 1, tags: ["slow"] },
        ],
      },
      {
        name: "Buyer",
        weight: 3,
        fixedCount: 0,
        tasks: [{ name: "cart", weight: 1, tags: ["quick"] }],
      },
      {
        name: "Payer",
        weight: 0,
        fixedCount: 0,
        tasks: [{ name: "checkout", weight: 1, tags: [] }],
      },
    ]);
    const { options } = await client.checkScript({
      body: { content: script("options.py"), ...here },
    });
    expect(options.map((one) => [one.name, one.type, one.secret])).toEqual([
      ["category", "text", false],
      ["page", "number", false],
      ["complain", "boolean", false],
      ["kind", "choice", false],
      // Locust 2.12.1 cannot mark secrets, so a text counts as one.
      ["words", "text", name.endsWith("2.12.1")],
      ["api_key", "text", true],
    ]);
  });

  test("whether there is a User class is what the import says, not what the text looks like", async () => {
    const warning = {
      file: "locustfile.py",
      message: "The script has no User class, so its runs will fail.",
    };
    const renamed = "from locust import HttpUser as Visitor\nclass A(Visitor): pass\n";
    const functions = "def test_home(session):\n    session.get('/')\n";
    const knowsFunctions = !name.endsWith("2.12.1");
    for (const [content, classes] of [
      [renamed, ["A"]],
      [functions, knowsFunctions ? ["test_home"] : []],
      ["class SomeUser(object): pass\nclass A(SomeUser): pass\n", []],
    ] as const) {
      const found = await as("editor").checkScript({ body: { content, ...here } });
      expect([content, found.errors, found.userClasses.map((one) => one.name)]).toEqual([
        content,
        [],
        classes,
      ]);
      expect([content, found.warnings]).toEqual([content, classes.length > 0 ? [] : [warning]]);
    }
  });

  test.each([
    ["import not_there", 2, "ModuleNotFoundError: No module named 'not_there'"],
    ["import sys; sys.exit(5)", 2, "The script ends Python while it is imported (SystemExit: 5)"],
    [
      "import os; os._exit(0)",
      undefined,
      "The script ended Python while it was imported (exit code 0).",
    ],
    ["import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", undefined, "(ended by SIGSEGV)"],
    ["while True: pass", undefined, "took longer than 10 s"],
  ])("%j is an error", async (line, at, message) => {
    const content = `from locust import HttpUser\n${line}\nclass A(HttpUser): pass\n`;
    const found = await as("editor").checkScript({ body: { content, ...here } });
    expect([found.ok, found.imported, found.errors.length]).toEqual([false, false, 1]);
    expect(found.errors[0]).toMatchObject({
      file: "locustfile.py",
      ...(at === undefined ? {} : { line: at }),
    });
    expect(found.errors[0]?.message).toContain(message);
    expect(leftFolders()).toEqual([]);
  });

  test("output, copies of the process and what it starts do not confuse it, and nothing is left", async () => {
    const content = `import os, subprocess, sys
from locust import HttpUser, task
sys.stdout.write("x" * 5_000_000)
print('{"problems": []}')
subprocess.Popen(["${MARK.split(" ")[0]}", "${MARK.split(" ")[1]}"], start_new_session=True)
if os.fork() == 0:
    while True:
        print("copy")
class A(HttpUser):
    @task
    def t(self): pass
assert "TOKEN" not in "".join(os.environ), os.environ
assert not os.path.exists(".git") and os.getcwd().endswith("script")
`;
    const found = await as("editor").checkScript({ body: { content, ...here } });
    expect([found.errors, found.userClasses.map((one) => one.name)]).toEqual([[], ["A"]]);
    await until(
      "the end of what the script has started",
      () => (isRunning(MARK) ? undefined : true),
      5,
    );
    expect(leftFolders()).toEqual([]);
  });

  test("a process without its environment in a session of its own ends with the import, also when that takes too long", async () => {
    const [done, late] = await Promise.all(
      ["", "while True: pass"].map(async (end, index) => {
        const mark = `${83 + index}${process.pid}`;
        // The second one's parents have ended.
        const content = `import os, subprocess
from locust import HttpUser
subprocess.Popen(["sleep", "${mark}1"], start_new_session=True, env={})
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execve("/bin/sleep", ["sleep", "${mark}2"], {})
    os._exit(0)
${end}
class A(HttpUser): pass
`;
        const found = await as("editor").checkScript({ body: { content, ...here } });
        return { found, isLeft: isRunning(`sleep ${mark}`) };
      }),
    );
    expect([done?.found.imported, done?.isLeft]).toEqual([true, false]);
    expect(late?.found.errors[0]?.message).toContain("took longer than 10 s");
    expect(late?.isLeft).toBe(false);
    expect(leftFolders()).toEqual([]);
  });

  test("is for those who may run the script there, and on local clusters only", async () => {
    const content = script("classes.py");
    const classes = {
      ...SCOPE,
      name: "Classes",
      targetUrl: "http://127.0.0.1:1",
      locustfile: content,
    };
    const { id: loadTestId, latestRevisionId = "" } = await as("editor").createLoadTest({
      body: classes,
    });
    const saved = { loadTestId, scriptRevisionId: latestRevisionId };
    for (const [role, body, imported] of [
      ["editor", { content, loadTestId }, true],
      ["editor", { loadTestId }, true],
      ["runner", saved, true],
      ["runner", { content, loadTestId }, false],
      ["runner", { content, ...here }, false],
      ["viewer", saved, false],
      ["viewer", { content, ...here }, false],
      ["editor", { content, ...here, accountId: "another" }, false],
    ] as const) {
      const found = await as(role).checkScript({ body });
      expect([role, body, found.imported, found.ok]).toEqual([role, body, imported, true]);
      const reason = imported
        ? undefined
        : expect.stringContaining("Your role may not run it there");
      expect([found.notImportedReason, found.userClasses.length]).toEqual([
        reason,
        imported ? 3 : 0,
      ]);
    }
    const elsewhere = { ...here, accountId: "elsewhere", locustClusterId: "there" };
    const { notImportedReason } = await as("admin").checkScript({
      body: { content, ...elsewhere },
    });
    expect(notImportedReason).toContain(
      "The cluster there runs the script that it was started with",
    );
  });

  test("has the load test's variables, and no answer shows them", async () => {
    const locustfile = `import os\nfrom locust import HttpUser\nclass A(HttpUser):\n    host = "http://" + os.environ["SHOP_TOKEN"]\n`;
    const environment = { SHOP_TOKEN: "token-of-the-shop" };
    const body = {
      ...SCOPE,
      name: "Env",
      targetUrl: "http://127.0.0.1:1",
      locustfile,
      environment,
    };
    const { id: loadTestId } = await as("editor").createLoadTest({ body });
    const found = await as("runner").checkScript({ body: { loadTestId } });
    expect(found.userClasses.map(({ host }) => host)).toEqual(["http://***"]);
    const raises = `${locustfile}raise ValueError(os.environ["SHOP_TOKEN"])\n`;
    const { errors } = await as("editor").checkScript({ body: { loadTestId, content: raises } });
    expect(errors).toEqual([{ file: "locustfile.py", line: 5, message: "ValueError: ***" }]);
  });

  test("decides which options a run may have, and which are shown", async () => {
    const client = as("runner");
    const scriptOptions = { category: "toys", api_key: "key-of-the-shop" };
    const body = { ...SCOPE, name: "Options", targetUrl: "http://127.0.0.1:1", scriptOptions };
    const created = await as("editor").createLoadTest({
      body: { ...body, locustfile: script("options.py") },
    });
    expect(created.scriptOptions).toEqual({ category: "toys", api_key: "***" });
    for (const [given, field, message] of [
      [
        { categry: "x" },
        "categry",
        'is no option that the script adds (did you mean "category"?); it adds',
      ],
      [{ "api-key": "x" }, "api-key", '(did you mean "api_key"?)'],
      [{ page: "many" }, "page", "must be a number"],
      [{ page: 1.5 }, "page", "must be a whole number"],
      [{ complain: "yes" }, "complain", "must be true or false"],
      [{ kind: "usd" }, "kind", 'must be one of new, used (did you mean "used"?)'],
      [{ words: "a" }, "words", "must be a list"],
      [{ web_host: "x" }, "web_host", "is an option of Locust, which the run itself decides"],
    ] as const) {
      const error = await client
        .createRun({ params: { loadTestId: created.id }, body: { scriptOptions: given } })
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        status: 400,
        problem: {
          errors: [{ field: `scriptOptions.${field}`, message: expect.stringContaining(message) }],
        },
      });
    }
    expect((await client.listRuns()).items).toEqual([]);
  });
});
