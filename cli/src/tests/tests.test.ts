import { randomBytes } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { ADMIN, cliServer } from "../testing/cli-server.ts";
import { checkLines } from "./check-lines.ts";

const { root, address, client, run } = cliServer();
const tokenFile = join(root, "token");
writeFileSync(tokenFile, `${ADMIN}\n`);

const newLoadTest = async (): Promise<string> => {
  const scope = { accountId: "acc", orgId: "org", projectId: "proj" };
  const body = { ...scope, name: "Shop", targetUrl: "http://127.0.0.1:1" };
  return (await client().createLoadTest({ body })).id;
};

let folders = 0;
const folderWith = (files: Record<string, string | Uint8Array>): string => {
  const folder = join(root, `project-${(folders += 1)}`);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
};

const USERS = "from locust import HttpUser, task\n\n\nclass Shopper(HttpUser):\n    pass\n";
const PROJECT = {
  "locustfile.py": "from common.users import Shopper\n",
  "common/__init__.py": "",
  "common/users.py": USERS,
  "data/users.csv": "name\nÄnne\n",
  "data/b.bin": Uint8Array.of(0, 255, 254),
};

const tests = (command: string, folder: string, id: string, ...more: string[]) =>
  run(["tests", command, folder, "--test", id, "--server", address(), ...more], {
    LOAD_MANAGER_API_TOKEN: ADMIN,
  });

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8", withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();

describe("tests check", () => {
  test("prints what is wrong in a folder or a file, and exits with 1", async () => {
    const id = await newLoadTest();
    const folder = folderWith({ ...PROJECT, "common/users.py": "def (\n" });
    const bad = await tests("check", folder, id);
    expect([bad.code, bad.err]).toEqual([1, ""]);
    expect(bad.out).toContain("Error: common/users.py, line 1: ");
    expect(bad.out).toContain("not known: The script does not compile.");
    const file = join(folderWith({ "my-load.py": USERS }), "my-load.py");
    // The one class, or without Locust on this machine the reason.
    const good = await tests("check", file, id);
    expect([good.code, good.err]).toEqual([0, ""]);
    expect(good.out).toMatch(
      /^(?:User class Shopper: weight 1\n|.* not known: Locust cannot be imported)/,
    );
    expect((await tests("check", join(folder, "gone"), id)).code).not.toBe(0);
  });
});

test("tests check takes a folder as large as tests push does", async () => {
  const id = await newLoadTest();
  const folder = folderWith({ ...PROJECT, "data/large.bin": randomBytes(20 << 20) });
  for (const command of ["check", "push"]) {
    const { code, err } = await tests(command, folder, id);
    expect([command, code, err]).toEqual([command, 0, ""]);
  }
}, 60_000);

test("the lines of a check", () => {
  const lines = checkLines({
    ok: false,
    errors: [{ file: "a.py", message: "is not UTF-8" }],
    warnings: [{ file: "locust.conf", line: 1, message: "is not read." }],
    imported: true,
    userClasses: [
      {
        name: "Reader",
        weight: 3,
        fixedCount: 0,
        host: "http://shop",
        tasks: [{ name: "home", weight: 2, tags: ["a", "b"] }],
      },
      { name: "Payer", weight: 1, fixedCount: 2, tasks: [] },
    ],
    shapeClasses: ["Steps"],
    options: [
      {
        name: "page",
        flags: [],
        type: "number",
        default: 1,
        help: "first",
        required: false,
        secret: false,
      },
      {
        name: "keys",
        flags: [],
        type: "choice",
        choices: ["a"],
        multiple: true,
        required: true,
        secret: true,
      },
    ],
    tags: ["a", "b"],
  });
  expect(lines).toEqual([
    "Error: a.py: is not UTF-8",
    "Warning: locust.conf, line 1: is not read.",
    "User class Reader: weight 3, host http://shop",
    "  task home: weight 2, tags a, b",
    "User class Payer: fixed count 2",
    "LoadTestShape Steps",
    "Option page: number, default 1 (first)",
    "Option keys: list, choice, one of a, required, secret",
  ]);
});

describe("tests push, pull and diff", () => {
  test("a folder comes back as it was, without what is left out", async () => {
    const id = await newLoadTest();
    const folder = folderWith({
      ...PROJECT,
      ".load-manager-ignore": "# not needed\nnotes/\n*.log\n!keep.log\n",
      ".git/config": "x",
      ".venv/lib/x.py": "def (",
      "common/__pycache__/users.cpython-311.pyc": "x",
      "notes/a.txt": "x",
      "run.log": "x",
      "keep.log": "kept",
    });
    const pushed = await tests("push", folder, id, "--description", "by hand");
    expect(pushed).toEqual({
      code: 0,
      out: `Revision 1 of the load test has the 6 files of ${folder}.\n`,
      err: "",
    });
    expect(await client().getScript({ params: { loadTestId: id } })).toMatchObject({
      description: "by hand",
      entrypoint: "locustfile.py",
    });
    const back = join(root, "back");
    expect((await tests("pull", back, id)).code).toBe(0);
    expect(filesIn(back)).toEqual([...Object.keys(PROJECT), "keep.log"].toSorted());
    for (const path of filesIn(back)) {
      expect(readFileSync(join(back, path))).toEqual(readFileSync(join(folder, path)));
    }
    const same = await tests("diff", back, id, "--exit-code");
    expect([same.code, same.out]).toEqual([0, `${back} is the same as revision 1.\n`]);
    expect((await tests("push", back, id)).out).toContain("Revision 1 ");
  }, 60_000);

  test("requirements.txt is pushed, pulled and compared like any file, and its lines are checked", async () => {
    const id = await newLoadTest();
    const folder = folderWith({ ...PROJECT, "requirements.txt": "faker==30.1\n" });
    expect((await tests("push", folder, id)).code).toBe(0);
    const saved = await client().getScript({ params: { loadTestId: id } });
    expect(saved.requirements).toBe("faker==30.1\n");
    const back = join(root, "with-requirements");
    await tests("pull", back, id);
    expect(readFileSync(join(back, "requirements.txt"), "utf8")).toBe("faker==30.1\n");
    writeFileSync(join(folder, "requirements.txt"), "faker==30.2\n");
    expect((await tests("diff", folder, id)).out).toContain("\n-faker==30.1\n+faker==30.2\n");
    writeFileSync(join(folder, "requirements.txt"), "faker\n-e .\n");
    const refused = await tests("push", folder, id);
    expect([refused.code, refused.err]).toEqual([
      1,
      expect.stringContaining("requirements.txt, line 2: is an option of pip"),
    ]);
    const params = { loadTestId: id, revisionId: saved.id };
    const archive = await client().getScriptArchive({ params });
    const again = await client().saveScript({ params: { loadTestId: id }, body: archive });
    expect(again.id).toBe(saved.id);
  }, 60_000);

  test("--test is a name too, and a diff with a load test without a script shows all files as added", async () => {
    const id = await newLoadTest();
    const name = `By name ${id}`;
    await client().updateLoadTest({ params: { loadTestId: id }, body: { name } });
    const folder = folderWith(PROJECT);
    const added = await tests("diff", folder, name, "--exit-code");
    expect([added.code, added.err]).toEqual([1, ""]);
    expect(added.out.match(/^added: .*$/gm)).toHaveLength(Object.keys(PROJECT).length);
    expect((await tests("diff", folder, name)).code).toBe(0);
    for (const command of ["push", "check", "diff"]) {
      const { code, err } = await tests(command, folder, name, "--scope", "acc/org/proj");
      expect([command, code, err]).toEqual([command, 0, ""]);
    }
    expect((await tests("diff", folder, id)).out).toContain("is the same as revision 1.");
    const none = await tests("push", folder, "No such name");
    expect([none.code, none.err]).toEqual([1, expect.stringContaining("No such name")]);
  }, 60_000);

  test("diff shows what a push would change, and a revision by its number", async () => {
    const id = await newLoadTest();
    const folder = folderWith(PROJECT);
    await tests("push", folder, id);
    writeFileSync(join(folder, "common/users.py"), USERS.replace("Shopper", "Buyer"));
    writeFileSync(join(folder, "data/b.bin"), Uint8Array.of(0, 1));
    writeFileSync(join(folder, "new.txt"), "new\n");
    unlinkSync(join(folder, "data/users.csv"));
    const changed = await tests("diff", folder, id);
    expect(changed.code).toBe(0);
    expect(changed.out.split("\n").filter((line) => /^[a-z]+: /.test(line))).toEqual([
      "changed: common/users.py",
      "changed: data/b.bin",
      "removed: data/users.csv",
      "added: new.txt",
    ]);
    expect(changed.out).toContain("\n-class Shopper(HttpUser):\n+class Buyer(HttpUser):\n");
    expect(changed.out).toContain("--- /dev/null\n+++ b/new.txt\n");
    expect((await tests("diff", folder, id, "--exit-code")).code).toBe(1);
    await client().saveScript({ params: { loadTestId: id }, body: { content: USERS } });
    expect((await tests("diff", folder, id, "--revision", "1")).out).toBe(changed.out);
    const none = await tests("diff", folder, id, "--revision", "9");
    expect([none.code, none.err]).toEqual([1, expect.stringContaining("no revision 9")]);
  }, 60_000);

  test("a script that does not compile is refused with its file and line, and nothing changes", async () => {
    const id = await newLoadTest();
    const bad = { "common/bad.py": "import os\ndef x(:\n", "common/worse.py": "def (" };
    const refused = await tests("push", folderWith({ ...PROJECT, ...bad }), id);
    expect([refused.code, refused.out]).toEqual([1, ""]);
    expect(refused.err).toContain("common/bad.py, line 2");
    expect(refused.err).toContain("common/worse.py, line 1");
    const warned = await tests("push", folderWith({ "locustfile.py": "x = 1\n" }), id);
    expect(warned.out).toContain("Warning: locustfile.py: The script has no User class");
  }, 60_000);

  test("what cannot be a script is refused before anything is sent", async () => {
    const push = async (folder: string, ...more: string[]) =>
      (
        await run([
          "tests",
          "push",
          folder,
          "--test",
          "x",
          "--server",
          "http://127.0.0.1:1",
          ...more,
        ])
      ).err;
    const linked = folderWith(PROJECT);
    symlinkSync("/etc/passwd", join(linked, "data/link"));
    expect(await push(linked)).toContain("data/link is a link");
    expect(await push(folderWith({ "main.py": "" }))).toContain("--entrypoint");
    const hides = folderWith({ ...PROJECT, "locust/__init__.py": "" });
    expect(await push(hides)).toContain("hide Locust itself");
    expect(await push(join(root, "nowhere"))).toContain("nowhere cannot be read");
    const unreachable = await push(
      folderWith({ "load/main.py": "" }),
      "--entrypoint",
      "load/main.py",
    );
    expect(unreachable).toBe(
      "The server at http://127.0.0.1:1 does not respond. Is it running, and is the address correct?\n",
    );
  }, 60_000);

  test("pull keeps what is in a folder, unless it may replace the script's files, and follows no links", async () => {
    const id = await newLoadTest();
    await tests("push", folderWith(PROJECT), id);
    const used = folderWith({ "locustfile.py": "mine", "mine.txt": "mine" });
    const refused = await tests("pull", used, id);
    expect([refused.code, refused.err]).toEqual([1, expect.stringContaining("not empty")]);
    expect(filesIn(used)).toEqual(["locustfile.py", "mine.txt"]);
    const outside = folderWith({});
    mkdirSync(outside);
    symlinkSync(outside, join(used, "common"));
    const followed = await tests("pull", used, id, "--force");
    expect([followed.code, followed.err]).toEqual([1, expect.stringContaining("common in ")]);
    expect(readFileSync(join(used, "locustfile.py"), "utf8")).toBe("mine");
    expect(readdirSync(outside)).toEqual([]);
    unlinkSync(join(used, "common"));
    expect((await tests("pull", used, id, "--force")).code).toBe(0);
    expect(filesIn(used)).toEqual([...Object.keys(PROJECT), "mine.txt"].toSorted());
    expect(existsSync(join(outside, "users.py"))).toBe(false);
  }, 60_000);

  test("the token comes from a file or a variable, and without one the server refuses", async () => {
    const id = await newLoadTest();
    const args = ["tests", "push", folderWith(PROJECT), "--test", id, "--server", address()];
    const without = await run(args);
    expect([without.code, without.err.includes(ADMIN)]).toEqual([7, false]);
    expect((await run([...args, "--token-file", tokenFile])).code).toBe(0);
    const missing = await run([...args, "--token-file", "nowhere"]);
    expect([missing.code, missing.err]).toEqual([1, expect.stringContaining("--token-file")]);
  }, 60_000);
});
