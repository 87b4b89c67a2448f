import { createClient } from "@load-manager/contract/api/client.ts";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  expectNoProcesses,
  LOCUSTS,
  newFolder,
  removeFolder,
  type Server,
  settled,
  startServer,
} from "../harness.ts";
import { launchBrowser, openPage, violationsOf } from "./browser.ts";

const TOKENS = {
  admin: "the-token-of-the-page",
  acme: "the-token-of-acme",
  umbrella: "the-token-of-umbrella",
};
const CONFIG = `
locustClusters:
  - { id: local, kind: local, workers: 1 }
security:
  apiToken: ${TOKENS.admin}
  locustCallbackToken: the-callback-token
  apiTokens:
    - { name: acme, token: ${TOKENS.acme}, role: editor, accountId: acme }
    - { name: umbrella, token: ${TOKENS.umbrella}, role: viewer, accountId: umbrella }
`;
/** Names that are no markup, however they look. */
const ODD = [
  `<img src=x onerror="document.title='taken'">`,
  "\u202Etfel ot thgir",
  `long ${"word".repeat(45)}`,
];
const SCRIPT = `
from locust import User, constant, task

class Odd(User):
    wait_time = constant(0.1)

    @task
    def ask(self):
        fire = self.environment.events.request.fire
        for name in ${JSON.stringify([...ODD.slice(0, 2), "64 kB ".repeat(11_000), "two\nlines"])}:
            fire(request_type="GET", name=name, response_time=5, response_length=1, exception=None, context={})
        fire(request_type="GET", name="/", response_time=5, response_length=1, exception=ValueError("<b>no</b>\\nsecond line"), context={})
`;

/** Longer and wider than the editor, so that it scrolls both ways. */
const LONG_SCRIPT = `${SCRIPT}\n${`# ${"far ".repeat(100)}\n`.repeat(150)}`;

let browser: Browser;
let server: Server;
let runId = "";
let readOnlyId = "";
const dataDir = newFolder();
beforeAll(async () => {
  server = await startServer({ python: LOCUSTS[0]?.python ?? "python3", dataDir, config: CONFIG });
  browser = await launchBrowser();
  const client = createClient({ baseUrl: server.address, token: TOKENS.admin });
  const at = { orgId: "web", projectId: "shop", targetUrl: "http://127.0.0.1:9" };
  const [first] = await Promise.all(
    ODD.map((name) =>
      client.createLoadTest({ body: { ...at, accountId: "acme", name, locustfile: LONG_SCRIPT } }),
    ),
  );
  const umbrellas = { ...at, accountId: "umbrella", name: "Only umbrella’s", tags: ["a", "b"] };
  const { id } = await client.createLoadTest({ body: { ...umbrellas, locustfile: LONG_SCRIPT } });
  readOnlyId = id;
  const run = await client.createRun({
    params: { loadTestId: first?.id ?? "" },
    body: { targetUsers: 2, spawnRate: 2, durationSeconds: 4, tags: ["<b>tag</b>"] },
  });
  runId = run.id;
  await settled(client, runId);
});
afterAll(async () => {
  await browser.close();
  await server.kill("SIGTERM");
  expectNoProcesses(dataDir);
  removeFolder(dataDir);
});

const signIn = async (page: Page, token: string): Promise<void> => {
  await page.getByLabel("API token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
};

test("a shared link meets the sign-in and returns to itself; a wrong token is told; signing out ends it", async () => {
  // The browser itself logs each 401 of the API.
  const { page, expectClean } = await openPage(await browser.newContext(), server.address, /401/);
  await page.goto(`${server.address}/runs/${runId}?window=steady`);
  await page.waitForURL(/sign-in/);
  expect(await violationsOf(page)).toEqual([]);
  await signIn(page, "something else that is wrong");
  await page.getByText("The server knows no such token").waitFor();
  await signIn(page, TOKENS.acme);
  await page.waitForURL(/\/runs\/.*window=steady/);
  await page.getByRole("heading", { level: 1 }).getByText("Finished").waitFor();
  await page.getByRole("button", { name: "acme" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.waitForURL(/sign-in/);
  await page.goto(server.address);
  await page.waitForURL(/sign-in/);
  expectClean();
});

test("names with markup, line breaks, 64 kB and right-to-left text are shown as text", async () => {
  const { page, expectClean } = await openPage(await browser.newContext(), server.address, /401/);
  await page.goto(`${server.address}/runs/${runId}`);
  await signIn(page, TOKENS.acme);
  const title = page.getByRole("heading", { level: 1 });
  await title.getByText(ODD[0] ?? "").waitFor();
  await page.getByRole("table", { name: "Endpoints" }).getByText("onerror").waitFor();
  await page.getByRole("table", { name: "Failures" }).getByText("<b>no</b>").waitFor();
  expect(await page.locator("main img, main b:has-text('tag')").count()).toBe(0);
  expect(await page.title()).toContain("onerror");
  // No name is wider than the page.
  const overflow = await page.evaluate<number>(
    "document.documentElement.scrollWidth - document.documentElement.clientWidth",
  );
  expect(overflow).toBeLessThanOrEqual(0);
  expect(await violationsOf(page)).toEqual([]);
  await page.getByText("Script as it ran").click();
  const script = page.getByRole("region", { name: "locustfile.py, revision 1" });
  await script.focus();
  await page.keyboard.press("End");
  await expect.poll(() => script.evaluate((element) => element.scrollTop)).toBeGreaterThan(0);
  expect(await violationsOf(page)).toEqual([]);
  expectClean();
});

test("a viewer reads a long script with the keyboard alone, and takes a tag from a filter", async () => {
  const { page, expectClean } = await openPage(await browser.newContext(), server.address, /401/);
  await page.goto(`${server.address}/load-tests/${readOnlyId}`);
  await signIn(page, TOKENS.umbrella);
  const editor = page.getByRole("textbox", { name: "locustfile.py" });
  await editor.waitFor();
  expect(await editor.getAttribute("aria-readonly")).toBe("true");
  for (const form of ["Settings", "Start a run"]) {
    const name = page.getByRole("form", { name: form }).getByLabel("Name", { exact: true });
    expect([form, await name.isDisabled()]).toEqual([form, true]);
  }
  expect(await violationsOf(page)).toEqual([]);
  await editor.focus();
  await page.keyboard.press("Control+End");
  await expect
    .poll(() => page.locator(".cm-scroller").evaluate((element) => element.scrollTop))
    .toBeGreaterThan(0);
  expect(await violationsOf(page)).toEqual([]);
  // Nothing offers what the viewer may not do, wherever it is.
  for (const path of ["/", "/load-tests?scope=umbrella%2Fnone"]) {
    await page.goto(`${server.address}${path}`);
    const offers = page.getByRole("button", { name: "New load test" });
    await offers.first().waitFor();
    for (const one of await offers.all()) {
      // Who the caller is comes with an answer of its own.
      await expect.poll(async () => [path, await one.isDisabled()]).toEqual([path, true]);
      expect(await one.getAttribute("title")).toBe("This needs the role editor.");
    }
  }
  for (const [list, rows] of [
    ["load-tests", 1],
    ["runs", 0],
  ] as const) {
    await page.goto(`${server.address}/${list}?tags=a,b`);
    const remove = page.getByRole("button", { name: "Without the tag a" });
    await remove.waitFor();
    expect([list, await violationsOf(page)]).toEqual([list, []]);
    await remove.focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/tags=b$/);
    await expect.poll(() => page.locator("tbody tr").count()).toBe(rows);
  }
  expectClean();
});

test("two tenants see nothing of each other", async () => {
  const { page, expectClean } = await openPage(
    await browser.newContext(),
    server.address,
    /40[14]/,
  );
  await page.goto(server.address);
  await signIn(page, TOKENS.umbrella);
  await page.getByText("Only umbrella’s").waitFor();
  expect(await page.getByText("onerror").count()).toBe(0);
  await page.getByRole("button", { name: /^Scope/ }).click();
  await page.getByRole("option", { name: "umbrella", exact: true }).waitFor();
  expect(await page.getByRole("option", { name: /acme/ }).count()).toBe(0);
  await page.goto(`${server.address}/runs/${runId}`);
  await page.getByText("The run cannot be shown").waitFor();
  expectClean();
});
