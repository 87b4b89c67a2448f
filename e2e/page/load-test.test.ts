import type { Locator, Page } from "playwright-core";
import { expect, test } from "vitest";
import { settled } from "../harness.ts";
import { openPage, violationsOf } from "./browser.ts";
import { pageWorld } from "./world.ts";

const world = pageWorld();

const SCRIPT = `from locust import HttpUser, task


class Visitor(HttpUser):
    @task
    def home(self):
        self.client.get("/")
`;
const SCOPE = { accountId: "acme", orgId: "web", projectId: "shop" };
/** Bidirectional, with markup and a line break. */
const NAME = "Cart <img src=x onerror=alert(1)>\nسلة \u202Etxt";

const makeLoadTest = (name: string) =>
  world.server.client.createLoadTest({
    body: { ...SCOPE, name, targetUrl: world.shop.url, locustfile: SCRIPT, tags: ["<b>tag</b>"] },
  });

const editorOf = (page: Page): Locator => page.getByRole("textbox", { name: "locustfile.py" });

/** Types at the end of the script. */
const append = async (page: Page, text: string): Promise<void> => {
  await editorOf(page).click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type(text);
};

const startForm = (page: Page): Locator => page.getByRole("form", { name: "Start a run" });

test("a new load test says what is wrong at its field, before and after the server has seen it", async () => {
  const { page, expectClean } = await openPage(
    world.browser,
    world.server.address,
    /status of 400/,
  );
  await page.goto(`${world.server.address}/load-tests?scope=acme/web`);
  await page.getByText("No load test yet").waitFor();
  await page.keyboard.press("n");
  const dialog = page.getByRole("dialog");
  // What the address names is filled in.
  expect(await dialog.getByLabel("Account").inputValue()).toBe("acme");
  await dialog.getByLabel("Name").fill("Made in the page");
  await dialog.getByLabel("Project").fill("shop");
  await dialog.getByLabel("Target URL").fill("shop");
  await dialog.getByLabel("Users", { exact: true }).fill("0");
  await dialog.getByRole("button", { name: "Create load test" }).click();
  await dialog.getByText("must be an http or https URL").waitFor();
  await dialog.getByText("must be a whole number of at least 1").waitFor();
  expect(await violationsOf(page)).toEqual([]);
  await dialog.getByLabel("Target URL").fill(world.shop.url);
  await dialog.getByLabel("Users", { exact: true }).fill("3");
  await dialog.getByLabel("locustfile.py").fill("def broken(:\n");
  await dialog.getByRole("button", { name: "Create load test" }).click();
  await dialog
    .getByText(/locustfile\.py, line 1/)
    .first()
    .waitFor();
  await dialog.getByLabel("locustfile.py").fill(SCRIPT);
  await dialog.getByRole("button", { name: "Create load test" }).click();
  await page.getByRole("heading", { level: 1, name: "Made in the page" }).waitFor();
  const { items } = await world.server.client.listLoadTests({ query: { q: "Made in" } });
  expect(items).toMatchObject([{ ...SCOPE, defaultUsers: 3 }]);
  expectClean();
});

test("a script that does not compile is not saved; a saved one is a revision, and an older one comes back", async () => {
  const { id } = await makeLoadTest("Script");
  const { page, expectClean } = await openPage(world.browser, world.server.address);
  await page.goto(`${world.server.address}/load-tests/${id}`);
  await editorOf(page).waitFor();
  await append(page, "\ndef broken(self)");
  await page.getByText(/^Line 9: expected ':'/).waitFor();
  const save = page.getByRole("button", { name: "Save revision 2" });
  expect(await save.isDisabled()).toBe(true);
  expect(await save.getAttribute("title")).toBe("Line 9 does not compile.");
  await startForm(page).getByText("not your unsaved edit").waitFor();
  expect(await violationsOf(page)).toEqual([]);

  await page.getByRole("link", { name: "Runs", exact: true }).click();
  await page.getByRole("button", { name: "Stay" }).click();
  await append(page, ": pass");
  await page.getByText("Compiles").waitFor();
  await page.getByRole("button", { name: "Diff", exact: true }).click();
  await page.getByRole("textbox", { name: "What your edit changes" }).waitFor();
  // Somebody changes the settings meanwhile, which is not in the way of the script.
  await world.server.client.updateLoadTest({
    params: { loadTestId: id },
    body: { defaultUsers: 7 },
  });
  await page.getByLabel("What has changed").fill("A function");
  await save.click();
  await page.getByText("locustfile.py, revision 2").waitFor();
  const saved = await world.server.client.getScript({ params: { loadTestId: id } });
  expect(saved).toMatchObject({ revisionNumber: 2, description: "A function" });
  expect(saved.files[0]?.content).toContain("def broken(self): pass");

  await page.getByRole("button", { name: "Restore revision 1" }).click();
  await page.getByRole("button", { name: "Restore as revision 3" }).click();
  await page.getByText("locustfile.py, revision 3").waitFor();
  const restored = await world.server.client.getScript({ params: { loadTestId: id } });
  expect(restored.files[0]?.content).toBe(SCRIPT);
  await expect.poll(() => editorOf(page).innerText()).not.toContain("broken");
  expectClean();
});

test("what another has changed meanwhile is said and not overwritten", async () => {
  const { id } = await makeLoadTest("Shared");
  const params = { loadTestId: id };
  const { page, expectClean } = await openPage(world.browser, world.server.address);
  await page.goto(`${world.server.address}/load-tests/${id}`);
  await editorOf(page).waitFor();
  await page.getByLabel("Default users").fill("55");
  await append(page, "# mine");
  await world.server.client.updateLoadTest({ params, body: { name: "Theirs", defaultUsers: 9 } });
  await page.getByText("changed the name, the default users").waitFor();
  expect(await page.getByRole("button", { name: "Save settings" }).isDisabled()).toBe(true);
  expect(await world.server.client.getLoadTest({ params })).toMatchObject({ defaultUsers: 9 });
  await page.getByRole("button", { name: "Keep what I changed" }).click();
  await page.getByRole("button", { name: "Save settings" }).click();
  await expect
    .poll(() => world.server.client.getLoadTest({ params }))
    .toMatchObject({ name: "Theirs", defaultUsers: 55 });

  await world.server.client.saveScript({ params, body: { content: `${SCRIPT}# theirs` } });
  await page.getByText("Revision 2 was saved meanwhile.").waitFor();
  const kept = await world.server.client.getScript({ params });
  expect(kept.files[0]?.content).toContain("# theirs");
  await page.getByRole("button", { name: "Open theirs, discard mine" }).click();
  await expect.poll(() => editorOf(page).innerText()).toContain("# theirs");
  expectClean();
});

test("two clicks start one run, which the list has; its load test can be deleted when it has ended", async () => {
  const { id } = await makeLoadTest(NAME);
  const { page, expectClean } = await openPage(
    world.browser,
    world.server.address,
    /status of 40[49]/,
  );
  await page.goto(`${world.server.address}/load-tests/${id}`);
  const form = startForm(page);
  await form.getByLabel("Users").fill("2");
  await form.getByLabel("Spawn rate").fill("1");
  await form.getByLabel("Duration").fill("soon");
  await form.getByRole("button", { name: "Start run" }).click();
  await form.getByText("must be a duration").waitFor();
  await form.getByLabel("Duration").fill("6 s");
  await form.getByText("2 users after 2 s, then steady for 4 s.").waitFor();
  await form.getByLabel("Notes").fill("first");
  await form.getByRole("button", { name: "Start run" }).dblclick();
  await page.waitForURL(/\/runs\/[0-9a-f]/);
  const runs = await world.server.client.listLoadTestRuns({ params: { loadTestId: id } });
  expect(runs.items).toMatchObject([{ targetUsers: 2, durationSeconds: 6, notes: "first" }]);
  await settled(world.server.client, runs.items[0]?.id ?? "");

  await page.goto(`${world.server.address}/runs?loadTestId=${id}&status=%5B"Finished"%5D`);
  await page.getByRole("link", { name: /^Cart .* #1$/ }).waitFor();
  expect(await page.getByRole("checkbox", { name: /^Select/ }).count()).toBe(1);
  expect(await violationsOf(page)).toEqual([]);
  await page.goto(`${world.server.address}/load-tests/${id}`);
  await page.getByText("as #1 was started").waitFor();
  expect(await form.getByLabel("Notes").inputValue()).toBe("first");
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Delete load test" }).click();
  await page.getByText(/Its run stays/).waitFor();
  await page.getByRole("dialog").getByRole("checkbox").check();
  await page.getByRole("button", { name: "Delete load test" }).click();
  await page.getByRole("heading", { level: 1, name: "Load tests" }).waitFor();
  expect(
    (await world.server.client.getRun({ params: { runId: runs.items[0]?.id ?? "" } })).status,
  ).toBe("Finished");
  expectClean();
});

test("lists, clusters and the page about the server can be read by everybody", async () => {
  await makeLoadTest(NAME);
  const { page, expectClean } = await openPage(world.browser, world.server.address);
  await page.goto(`${world.server.address}/load-tests`);
  for (const [key, title] of [
    ["t", "Load tests"],
    ["r", "Runs"],
    ["c", "Clusters"],
  ] as const) {
    await page.keyboard.press("g");
    await page.keyboard.press(key);
    await page.getByRole("heading", { level: 1, name: title, exact: true }).waitFor();
    await page.getByRole("table").first().waitFor();
    expect([title, await violationsOf(page)]).toEqual([title, []]);
  }
  await page.getByRole("button", { name: /^local/ }).click();
  await page.getByText("A local cluster starts processes for each run").waitFor();
  await page.goto(`${world.server.address}/about`);
  await page.getByText("administrator").waitFor();
  expect(await violationsOf(page)).toEqual([]);
  expectClean();
});
