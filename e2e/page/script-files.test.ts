import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  expectNoProcesses,
  LOCUSTS,
  newFolder,
  removeFolder,
  type Server,
  startServer,
} from "../harness.ts";
import { launchBrowser, openPage, violationsOf } from "./browser.ts";

let browser: Browser;
let server: Server;
const dataDir = newFolder();
beforeAll(async () => {
  server = await startServer({ python: LOCUSTS[0]?.python ?? "python3", dataDir });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await server.kill("SIGTERM");
  expectNoProcesses(dataDir);
  removeFolder(dataDir);
});

const MAIN = "from common.users import Shopper\n";
const USERS = `from locust import HttpUser, task


class Shopper(HttpUser):
    @task
    def home(self):
        self.client.get("/")
`;
/** Bytes that are no UTF-8. */
const PICTURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff, 0x00, 0xfe]).toString("base64");
const PROJECT = [
  { path: "common/__init__.py", content: "" },
  { path: "common/users.py", content: USERS },
  { path: "data/logo.png", content: PICTURE, encoding: "base64" as const },
  { path: "data/users.csv", content: "id,name\r\n1,Ünal\r\n" },
  { path: "load/main.py", content: MAIN },
];

const makeLoadTest = async (name: string) => {
  const { id } = await server.client.createLoadTest({
    body: {
      ...{ accountId: "acme", orgId: "web", projectId: "shop" },
      ...{ name, targetUrl: "http://127.0.0.1:9" },
    },
  });
  const params = { loadTestId: id };
  await server.client.saveScript({
    params,
    body: { entrypoint: "load/main.py", files: PROJECT },
  });
  return params;
};

/** The newest script: what Locust runs, and contents by path. */
const savedScript = async (params: { readonly loadTestId: string }) => {
  const { entrypoint, files, revisionNumber } = await server.client.getScript({ params });
  return {
    entrypoint,
    revisionNumber,
    files: Object.fromEntries(files.map(({ path, content }) => [path, content])),
  };
};
const original = Object.fromEntries(PROJECT.map(({ path, content }) => [path, content]));

const editorOf = (page: Page, path: string): Locator =>
  page.getByRole("textbox", { name: path, exact: true });

/** Types at the end of the file that is shown. */
const append = async (page: Page, path: string, text: string): Promise<void> => {
  await editorOf(page, path).click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type(text);
};

test("an edit of one file, a restore and a clone keep all other files and what Locust runs", async () => {
  const params = await makeLoadTest("Several");
  const { page, expectClean } = await openPage(browser, server.address);
  await page.goto(`${server.address}/load-tests/${params.loadTestId}`);
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
  const { items } = await server.client.listLoadTests({ query: { q: "Several, copy" } });
  expect(await savedScript({ loadTestId: items[0]?.id ?? "" })).toEqual({
    entrypoint: "load/main.py",
    revisionNumber: 1,
    files: edited,
  });

  await server.client.saveScript({ params, body: { content: USERS } });
  await page.goto(`${server.address}/load-tests/${params.loadTestId}`);
  await page.getByRole("button", { name: "Restore revision 1" }).click();
  await page.getByRole("button", { name: "Restore as revision 4" }).click();
  await page.getByText(", revision 4").waitFor();
  expect(await savedScript(params)).toEqual({
    entrypoint: "load/main.py",
    revisionNumber: 4,
    files: original,
  });
  expect(await violationsOf(page)).toEqual([]);
  expectClean();
});

test("what another has saved in another file stays under an edit that is saved on top of it", async () => {
  const params = await makeLoadTest("Shared files");
  const { page, expectClean } = await openPage(browser, server.address);
  await page.goto(`${server.address}/load-tests/${params.loadTestId}`);
  await append(page, "load/main.py", "# mine");
  const theirs = PROJECT.map((file) =>
    file.path === "data/users.csv" ? { ...file, content: "theirs" } : file,
  );
  await server.client.saveScript({
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
