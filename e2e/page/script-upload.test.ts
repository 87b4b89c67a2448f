import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { zipOf } from "@load-manager/server/lib/zip.ts";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { openPage, violationsOf } from "./browser.ts";
import { pageWorld } from "./world.ts";
import {
  append,
  editorOf,
  MAIN,
  makeProject,
  newestScript,
  OPACITY,
  type Params,
  USERS,
} from "./project.ts";

const world = pageWorld();

const makeLoadTest = (name: string) => makeProject(world.server.client, name);
const savedScript = (params: Params) => newestScript(world.server.client, params);

/** A folder with what belongs to a script, and what does not. */
const makeFolder = (): string => {
  const folder = join(world.dataDir, "my-project");
  for (const [path, content] of [
    ["locustfile.py", USERS],
    ["common/new.py", "x = 1\n"],
    ["data/users.csv", "id\r\n7\r\n"],
    ["secret.env", "TOKEN=1"],
    [".load-manager-ignore", "*.env\n"],
    ["common/__pycache__/new.cpython-311.pyc", "cached"],
  ] as const) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
};

const choose = async (page: Page, button: string, path: string): Promise<void> => {
  const [chooser] = await Promise.all([
    page.waitForEvent("filechooser"),
    page.getByRole("button", { name: button }).click(),
  ]);
  await chooser.setFiles(path);
};

test("an upload of a folder says what it replaces before it is sent, and leaves out what is ignored", async () => {
  const params = await makeLoadTest("Folder");
  const { page, expectClean } = await openPage(world.browser, world.server.address);
  await page.goto(`${world.server.address}/load-tests/${params.loadTestId}`);
  await editorOf(page, "load/main.py").waitFor();
  await choose(page, "Upload folder", makeFolder());
  const dialog = page.getByRole("dialog");
  await dialog.getByText(/3 files of my-project .* replace all files of revision 1/).waitFor();
  expect(await dialog.getByRole("region", { name: "Deleted" }).textContent()).toBe(
    "common/__init__.py\ncommon/users.py\ndata/logo.png\nload/main.py",
  );
  expect(await dialog.getByRole("region", { name: "Replaced" }).textContent()).toBe(
    "data/users.csv",
  );
  expect(await dialog.getByRole("region", { name: "New" }).textContent()).toBe(
    "common/new.py\nlocustfile.py",
  );
  expect(await dialog.getByLabel("File that Locust runs").inputValue()).toBe("locustfile.py");
  await expect.poll(() => page.evaluate(OPACITY)).toBe("1");
  expect(await violationsOf(page)).toEqual([]);
  // Nothing is sent until it is confirmed.
  expect((await savedScript(params)).revisionNumber).toBe(1);
  await dialog.getByLabel("What has changed").fill("From a folder");
  await dialog.getByRole("button", { name: "Save as revision 2" }).click();
  await page.getByText("3 files, revision 2").waitFor();
  expect(await savedScript(params)).toEqual({
    entrypoint: "locustfile.py",
    revisionNumber: 2,
    files: { "common/new.py": "x = 1\n", "data/users.csv": "id\r\n7\r\n", "locustfile.py": USERS },
  });
  expectClean();
});

const zipAt = async (name: string, files: Readonly<Record<string, string>>): Promise<string> => {
  const path = join(world.dataDir, name);
  const contents = Object.entries(files).map(([file, text]) => [file, Buffer.from(text)] as const);
  writeFileSync(path, await zipOf(new Map(contents), new Date()));
  return path;
};

const VALID = { "p/common/users.py": USERS, "p/load/main.py": MAIN, "p/x.py": "" };

test("an archive is sent as it is; what the server refuses is shown with its path, and then nothing has changed", async () => {
  const params = await makeLoadTest("Archive");
  const { page, expectClean } = await openPage(
    world.browser,
    world.server.address,
    /status of 400/,
  );
  await page.goto(`${world.server.address}/load-tests/${params.loadTestId}`);
  await editorOf(page, "load/main.py").waitFor();
  const dialog = page.getByRole("dialog");
  const broken = { "p/load/main.py": MAIN, "p/common/users.py": "def a(:\n", "p/x.py": "def b(:" };
  await choose(page, "Upload zip", await zipAt("broken.zip", broken));
  expect(await dialog.getByLabel("File that Locust runs").inputValue()).toBe("load/main.py");
  await dialog.getByRole("button", { name: "Save as revision 2" }).click();
  await dialog.getByText(/common\/users\.py, line 1: /).waitFor();
  await dialog.getByText(/^x\.py, line 1: /).waitFor();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  expect((await savedScript(params)).revisionNumber).toBe(1);

  await choose(page, "Upload zip", join(makeFolder(), "secret.env"));
  await page.getByText("secret.env is not a zip archive.").waitFor();
  await choose(page, "Upload zip", await zipAt("p.zip", { ...broken, ...VALID }));
  await dialog.getByRole("button", { name: "Save as revision 2" }).click();
  await page.getByText("3 files, revision 2").waitFor();
  expect(await savedScript(params)).toEqual({
    entrypoint: "load/main.py",
    revisionNumber: 2,
    files: { "common/users.py": USERS, "load/main.py": MAIN, "x.py": "" },
  });
  expectClean();
});

test("an archive can be dropped on the editor, but not while an edit is unsaved", async () => {
  const params = await makeLoadTest("Drop");
  const { page, expectClean } = await openPage(world.browser, world.server.address);
  await page.goto(`${world.server.address}/load-tests/${params.loadTestId}`);
  const editor = editorOf(page, "load/main.py");
  await editor.waitFor();
  const bytes = readFileSync(await zipAt("dropped.zip", VALID)).toString("base64");
  const data = await page.evaluateHandle(`(() => {
    const data = new DataTransfer();
    const bytes = Uint8Array.from(atob("${bytes}"), (character) => character.charCodeAt(0));
    data.items.add(new File([bytes], "dropped.zip"));
    return data;
  })()`);
  const drop = () => editor.dispatchEvent("drop", { dataTransfer: data });
  await append(page, "load/main.py", "# mine");
  await drop();
  await page.getByText("Save or discard your edit first.").waitFor();
  await page.getByRole("button", { name: "Discard" }).first().click();
  await drop();
  const dialog = page.getByRole("dialog");
  await dialog.getByText(/files of dropped\.zip/).waitFor();
  await dialog.getByRole("button", { name: "Save as revision 2" }).click();
  await page.getByText("3 files, revision 2").waitFor();
  expect((await savedScript(params)).files).toEqual({
    "common/users.py": USERS,
    "load/main.py": MAIN,
    "x.py": "",
  });
  expectClean();
});
