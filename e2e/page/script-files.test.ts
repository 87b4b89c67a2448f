import { readFileSync } from "node:fs";
import { zipOf } from "@load-manager/server/lib/zip.ts";
import type { Locator, Page } from "playwright-core";
import { expect, test } from "vitest";
import { settled } from "../harness.ts";
import { openPage, violationsOf } from "./browser.ts";
import { pageWorld } from "./world.ts";
import {
  append,
  editorOf,
  MAIN,
  makeProject,
  newestScript,
  OPACITY,
  original,
  type Params,
  PICTURE,
  PROJECT,
  USERS,
} from "./project.ts";

const world = pageWorld();

const makeLoadTest = (name: string) => makeProject(world.server.client, name);
const savedScript = (params: Params) => newestScript(world.server.client, params);

test("an edit of one file, a restore and a clone keep all other files and what Locust runs", async () => {
  const params = await makeLoadTest("Several");
  const { page, expectClean } = await openPage(world.browser, world.server.address);
  await page.goto(`${world.server.address}/load-tests/${params.loadTestId}`);
  await append(page, "load/main.py", "# edited");
  await page.getByText("Compiles").waitFor();
  await page.getByRole("button", { name: "Save revision 2" }).click();
  await page.getByText(", revision 2").waitFor();
  const edited = { ...original, "load/main.py": `${MAIN}# edited` };
  expect(await savedScript(params)).toEqual({
    entrypoint: "load/main.py",
    revisionNumber: 2,
    files: edited,
  });

  await page.getByRole("button", { name: "Clone" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Every other file of the script is cloned with it: 4.").waitFor();
  expect(await dialog.getByLabel("load/main.py").inputValue()).toBe(`${MAIN}# edited`);
  await dialog.getByRole("button", { name: "Create load test" }).click();
  await page.getByRole("heading", { level: 1, name: "Several, copy" }).waitFor();
  const { items } = await world.server.client.listLoadTests({ query: { q: "Several, copy" } });
  expect(await savedScript({ loadTestId: items[0]?.id ?? "" })).toEqual({
    entrypoint: "load/main.py",
    revisionNumber: 1,
    files: edited,
  });

  await world.server.client.saveScript({ params, body: { content: USERS } });
  await page.goto(`${world.server.address}/load-tests/${params.loadTestId}`);
  await page.getByRole("button", { name: "Restore revision 1" }).click();
  await page.getByRole("button", { name: "Restore as revision 4" }).click();
  await page.getByText(", revision 4").waitFor();
  expect(await savedScript(params)).toEqual({
    entrypoint: "load/main.py",
    revisionNumber: 4,
    files: original,
  });
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  expect(await violationsOf(page)).toEqual([]);
  expectClean();
});

test("what another has saved in another file stays under an edit that is saved on top of it", async () => {
  const params = await makeLoadTest("Shared files");
  const { page, expectClean } = await openPage(world.browser, world.server.address);
  await page.goto(`${world.server.address}/load-tests/${params.loadTestId}`);
  await append(page, "load/main.py", "# mine");
  const theirs = PROJECT.map((file) =>
    file.path === "data/users.csv" ? { ...file, content: "theirs" } : file,
  );
  await world.server.client.saveScript({
    params,
    body: { entrypoint: "load/main.py", files: theirs },
  });
  await page.getByText("Revision 2 was saved meanwhile.").waitFor();
  await page.getByRole("button", { name: "Save mine on top of it" }).click();
  await page.getByRole("button", { name: "Save revision 3" }).click();
  await page.getByText(", revision 3").waitFor();
  expect((await savedScript(params)).files).toEqual({
    ...original,
    "data/users.csv": "theirs",
    "load/main.py": `${MAIN}# mine`,
  });
  expectClean();
});

const inList = (page: Page, name: string): Locator =>
  page
    .getByRole("navigation", { name: "Files of the script" })
    .getByRole("button", { name, exact: true });

const answerPath = async (page: Page, path: string, verb: string): Promise<void> => {
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Path").fill(path);
  await dialog.getByRole("button", { name: verb }).click();
};

test("files are added, renamed, deleted and edited, each marked until they are saved together", async () => {
  const params = await makeLoadTest("Tree");
  const { page, expectClean } = await openPage(world.browser, world.server.address);
  await page.goto(`${world.server.address}/load-tests/${params.loadTestId}`);
  await editorOf(page, "load/main.py").waitFor();
  expect(await page.getByRole("button", { name: "Delete file" }).isDisabled()).toBe(true);
  expect(await page.getByRole("button", { name: "Rename file" }).isDisabled()).toBe(true);

  await page.getByRole("button", { name: "Add file" }).click();
  await answerPath(page, "locust.py", "Add file");
  await page.getByText("it would hide Locust itself").waitFor();
  expect(await violationsOf(page)).toEqual([]);
  await answerPath(page, "templates/cart.txt", "Add file");
  await append(page, "templates/cart.txt", "item {id}");
  await inList(page, "templates/cart.txt new").waitFor();

  // By keyboard alone: the list has the files in the order of the screen.
  await inList(page, "common/__init__.py").focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await editorOf(page, "common/users.py").waitFor();
  await append(page, "common/users.py", "\ndef broken(self)");
  await inList(page, "common/users.py edited 1 error").waitFor();
  await inList(page, "data/users.csv").click();
  await editorOf(page, "data/users.csv").waitFor();
  await page.getByRole("button", { name: "common/users.py, line 9" }).click();
  await page.getByText(/^Line 9: expected ':'/).waitFor();
  expect(await page.getByRole("button", { name: "Save revision 2" }).getAttribute("title")).toBe(
    "common/users.py, line 9, does not compile.",
  );
  expect(await violationsOf(page)).toEqual([]);
  // The error has led to the end of its line.
  await page.keyboard.press("End");
  await page.keyboard.type(": pass");
  await page.getByText("Compiles").waitFor();

  await inList(page, "data/users.csv").click();
  await page.getByRole("button", { name: "Rename file" }).click();
  await answerPath(page, "data/people.csv", "Rename file");
  await inList(page, "data/users.csv deleted").waitFor();
  await inList(page, "data/logo.png").click();
  await page.getByText("Not text, 7 B.").waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Download data/logo.png" }).click(),
  ]);
  expect(readFileSync(await download.path()).toString("base64")).toBe(PICTURE);
  await page.getByRole("button", { name: "Delete file" }).click();
  await page.getByText("The next revision is without this file.").waitFor();

  await page.getByRole("button", { name: "Diff", exact: true }).click();
  await page.getByText("5 files differ.").waitFor();
  await page
    .getByRole("textbox", { name: "What your edit changes: templates/cart.txt" })
    .getByText("item {id}")
    .waitFor();
  await page.getByText("Not shown as text: 7 B.").waitFor();
  expect(await violationsOf(page)).toEqual([]);
  await page.getByRole("button", { name: "Save revision 2" }).click();
  await page.getByText("5 files, revision 2").waitFor();
  expect(await savedScript(params)).toEqual({
    entrypoint: "load/main.py",
    revisionNumber: 2,
    files: {
      "common/__init__.py": "",
      "common/users.py": `${USERS}\ndef broken(self): pass`,
      "data/people.csv": "id,name\r\n1,Ünal\r\n",
      "load/main.py": MAIN,
      "templates/cart.txt": "item {id}",
    },
  });

  await page.getByRole("button", { name: "Diff of revision 2" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("5 files differ.").waitFor();
  // It fades in.
  await expect.poll(() => page.evaluate(OPACITY)).toBe("1");
  expect(await violationsOf(page)).toEqual([]);
  expectClean();
});

test("on a phone the files are above the editor, and nothing is wider than the screen", async () => {
  const params = await makeLoadTest("Phone");
  const context = await world.browser.newContext({ viewport: { width: 390, height: 844 } });
  const { page, expectClean } = await openPage(context, world.server.address);
  await page.goto(`${world.server.address}/load-tests/${params.loadTestId}`);
  await inList(page, "data/users.csv").click();
  const editor = editorOf(page, "data/users.csv");
  await editor.waitFor();
  const [list, text] = [
    await inList(page, "data/users.csv").boundingBox(),
    await editor.boundingBox(),
  ];
  expect(list?.y).toBeLessThan(text?.y ?? 0);
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
  expect(await violationsOf(page)).toEqual([]);
  expectClean();
  await context.close();
});

test("the page of a run shows every file that it ran, of what is not text the size", async () => {
  const params = await makeLoadTest("As it ran");
  const run = await world.server.client.createRun({
    params,
    body: { targetUsers: 1, spawnRate: 1, durationSeconds: 5 },
  });
  // The run keeps the revision that it was created with.
  await world.server.client.saveScript({ params, body: { content: USERS } });
  const { page, expectClean } = await openPage(world.browser, world.server.address);
  await page.goto(`${world.server.address}/runs/${run.id}`);
  await page.getByText("Script as it ran").click();
  await page.getByRole("region", { name: "load/main.py, revision 1" }).waitFor();
  await page.getByText("common/users.py 120 B").click();
  const shown = page.getByRole("region", { name: "common/users.py, revision 1" });
  expect(await shown.textContent()).toBe(USERS);
  await page.getByText("data/logo.png 7 B").click();
  await page.getByText("Not text, 7 B.").waitFor();
  expect(await page.getByRole("region", { name: "data/logo.png" }).count()).toBe(0);
  expect(await violationsOf(page)).toEqual([]);
  await settled(world.server.client, run.id);
  expectClean();
});

test("an edit of a script that is too large for JSON is saved with all its files, and so is a clone", async () => {
  const params = await makeLoadTest("Large");
  const data = Buffer.alloc(14 * 1024 * 1024, 0xff);
  const files = new Map(
    PROJECT.map(({ path, content, encoding }) => [path, Buffer.from(content, encoding ?? "utf8")]),
  );
  files.set("data/logo.png", data);
  await world.server.client.saveScript({
    params,
    query: { entrypoint: "load/main.py" },
    body: await zipOf(files, new Date()),
  });
  const { page, expectClean } = await openPage(world.browser, world.server.address);
  await page.goto(`${world.server.address}/load-tests/${params.loadTestId}`);
  await inList(page, "data/logo.png").click();
  await page.getByText("Not text, 14.7 MB.").waitFor();
  await inList(page, "load/main.py").click();
  await append(page, "load/main.py", "# edited");
  await page.getByText("Compiles").waitFor();
  await page.getByRole("button", { name: "Save revision 3" }).click();
  await page.getByText("5 files, revision 3").waitFor();
  const saved = await savedScript(params);
  expect({ ...saved.files, "data/logo.png": "" }).toEqual({
    ...original,
    "data/logo.png": "",
    "load/main.py": `${MAIN}# edited`,
  });
  expect(saved.entrypoint).toBe("load/main.py");
  expect(saved.files["data/logo.png"] === data.toString("base64")).toBe(true);

  await page.getByRole("button", { name: "Clone" }).click();
  await page.getByRole("button", { name: "Create load test" }).click();
  await page.getByRole("heading", { level: 1, name: "Large, copy" }).waitFor();
  await page.getByText("5 files, revision 1").waitFor();
  expectClean();
});
