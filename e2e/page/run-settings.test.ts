import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { expect, test } from "vitest";
import { counted, defineShop, ROOT, settled } from "../harness.ts";
import { openPage, violationsOf } from "./browser.ts";
import { pageWorld } from "./world.ts";

const world = pageWorld();

const SCRIPT = readFileSync(join(ROOT, "e2e/scripts/choices.py"), "utf8");
const KEY = "key-of-the-shop";
const SOON = { timeout: 10_000 };

const define = (more: Parameters<typeof defineShop>[2] = {}) =>
  defineShop(world.server.client, world.shop.url, { locustfile: SCRIPT, ...more });

const open = async (path: string, mayFail?: RegExp, isDark = false) => {
  const colorScheme = isDark ? ("dark" as const) : ("light" as const);
  const context = await world.browser.newContext({ colorScheme });
  const opened = await openPage(context, world.server.address, mayFail);
  await opened.page.goto(`${world.server.address}${path}`);
  return opened;
};

const startForm = (page: Page): Locator => page.getByRole("form", { name: "Start a run" });
const unfold = (form: Locator, title: string): Promise<void> =>
  form.locator("summary", { hasText: title }).click();
const stageField = (form: Locator, stage: number, what: string): Locator =>
  form.getByLabel(`Stage ${stage}, ${what}`);

const startedRun = async (page: Page) => {
  await page.waitForURL(/\/runs\/[0-9a-f]/);
  const runId = new URL(page.url()).pathname.split("/").at(-1) ?? "";
  return world.server.client.getRun({ params: { runId } });
};

const sumOf = (counts: Readonly<Record<string, { readonly requests: number | null }>>): number =>
  Object.values(counts).reduce((sum, { requests }) => sum + (requests ?? Number.NaN), 0);

/** The settings of a run that another one must have too. */
const settingsOf = (run: Awaited<ReturnType<typeof startedRun>>) => {
  const { loadProfile, userClasses, includeTags, excludeTags, scriptOptions, environment } = run;
  const { workers, stopTimeoutSeconds, targetUsers, spawnRate, durationSeconds, autoStop } = run;
  return {
    ...{ loadProfile, userClasses, includeTags, excludeTags, scriptOptions, environment },
    ...{ workers, stopTimeoutSeconds, targetUsers, spawnRate, durationSeconds, autoStop },
    scriptRevisionId: run.scriptRevisionId,
  };
};

/** What the screen reader is told of the chart of requests and users. */
const loadChart = (page: Page): Locator =>
  page.locator('[role=img][aria-label^="Requests per second"]');

test("stages by mouse: the preview, the plan beside what happened, and the plan of a run that has just begun", async () => {
  const id = await define();
  const { page, expectClean } = await open(`/load-tests/${id}`, /status of 400/);
  const form = startForm(page);
  await form.getByText("Stages", { exact: true }).click();
  await stageField(form, 1, "duration").fill("4 s");
  await stageField(form, 1, "users").fill("-1");
  await stageField(form, 1, "spawn rate").fill("2");
  await form.getByRole("button", { name: "Add stage" }).click();
  await stageField(form, 2, "duration").fill("soon");
  await form.getByRole("button", { name: "Start run" }).click();
  // The second stage began as the first one was.
  const wrong = form.getByText("must be a whole number of at least 0");
  await expect.poll(() => wrong.count()).toBe(2);
  await form.getByText("must be a duration, such as").waitFor();
  expect(await violationsOf(page)).toEqual([]);
  await stageField(form, 1, "users").fill("4");
  await stageField(form, 2, "duration").fill("3 s");
  await stageField(form, 2, "users").fill("8");
  await stageField(form, 2, "spawn rate").fill("");
  await form.getByText("2 stages in 7 s, up to 8 users.").waitFor();
  await form.getByRole("button", { name: "Start run" }).click();
  const run = await startedRun(page);
  await page.getByText("2 stages up to 8 users").first().waitFor();
  // The target is known before the users are there.
  await expect
    .poll(() => loadChart(page).getAttribute("aria-label"), { timeout: 20_000 })
    .toMatch(/Users from \d to [0-4], .*Target from \d to 8, last 8/);
  await page.getByText("of 7 s, ends at").waitFor();
  const during = await world.server.client.getRun({ params: { runId: run.id } });
  expect(during.status).toBe("Running");
  expect(await page.getByRole("button", { name: "Change users" }).count()).toBe(0);
  const ended = await settled(world.server.client, run.id);
  expect([ended.status, ended.loadProfile]).toEqual([
    "Finished",
    {
      kind: "stages",
      stages: [
        { durationSeconds: 4, users: 4, spawnRate: 2 },
        { durationSeconds: 3, users: 8 },
      ],
    },
  ]);
  const counts = await counted(world.server.client, run.id);
  expect(sumOf(counts)).toBe(sumOf(world.shop.counts(run.id)));
  await page.getByText("Settings as resolved").click();
  await page.getByText("4 s: 4 users, 2 users/s").waitFor();
  expect(await violationsOf(page)).toEqual([]);
  expectClean();
});

test("stages by keyboard alone, and the same run again", async () => {
  const id = await define();
  const { page, expectClean } = await open(`/load-tests/${id}`, undefined, true);
  const form = startForm(page);
  await form.getByRole("radio", { name: "Constant" }).focus();
  const keys = async (...names: string[]): Promise<void> => {
    for (const name of names) await page.keyboard.press(name);
  };
  const type = async (text: string): Promise<void> => {
    await keys("Control+A");
    await page.keyboard.type(text);
  };
  await keys("ArrowRight", "Tab");
  await type("2 s");
  await keys("Tab");
  await type("2");
  await keys("Tab");
  await type("10");
  await form.getByRole("button", { name: "Add stage" }).focus();
  await keys("Enter");
  // The focus is in the new row, which is like the last one.
  await type("3 s");
  await keys("Alt+ArrowUp");
  expect(await stageField(form, 1, "duration").inputValue()).toBe("3 s");
  await expect
    .poll(() => page.evaluate<string>("document.activeElement.ariaLabel"), SOON)
    .toBe("Stage 1, duration");
  await form.getByRole("button", { name: "Move stage 1 down" }).focus();
  await keys("Enter");
  expect(await stageField(form, 2, "duration").inputValue()).toBe("3 s");
  await form.getByRole("button", { name: "Remove stage 1" }).focus();
  await keys("Enter");
  await expect
    .poll(() => page.evaluate<string>("document.activeElement.ariaLabel"), SOON)
    .toBe("Stage 1, duration");
  await form.getByText("1 stage in 3 s, up to 2 users.").waitFor();
  expect(await violationsOf(page)).toEqual([]);
  await keys("Enter");
  const first = await startedRun(page);
  const stages = [{ durationSeconds: 3, users: 2, spawnRate: 10 }];
  expect(first.loadProfile).toEqual({ kind: "stages", stages });
  await settled(world.server.client, first.id);
  await page.getByRole("button", { name: "Run again" }).click();
  await page.getByRole("heading", { level: 1, name: "Shop #2" }).waitFor();
  const second = await startedRun(page);
  expect(second.id).not.toBe(first.id);
  expect(settingsOf(second)).toEqual(settingsOf(first));
  expect((await settled(world.server.client, second.id)).status).toBe("Finished");
  expectClean();
});

test("classes, tags, options, environment and workers from the check: errors at their fields, and what ran", async () => {
  const id = await define({
    environment: { STAGE: "of-the-load-test" },
    scriptOptions: { api_key: KEY },
  });
  const { page, expectClean } = await open(`/load-tests/${id}`, /status of 400/);
  const form = startForm(page);
  await form.getByLabel("Users", { exact: true }).fill("4");
  await form.getByLabel("Spawn rate").fill("10");
  await form.getByLabel("Duration", { exact: true }).fill("4 s");
  await unfold(form, "User classes");
  expect(await form.getByRole("checkbox", { name: "Payer" }).isChecked()).toBe(false);
  await form.getByRole("checkbox", { name: "Payer" }).check();
  await form.getByRole("checkbox", { name: "Buyer" }).uncheck();
  await form.getByText("2 of 3 classes").waitFor();
  await form.getByLabel("Payer, share by").selectOption("fixedCount");
  await form.getByLabel("Reader, weight").fill("0");
  await page.keyboard.press("Tab");
  await unfold(form, "Tags of tasks");
  await form.getByLabel("Leave out tasks").fill("slo");
  await page.getByRole("option", { name: "slow" }).click();
  await unfold(form, "Options of the script");
  await form.getByLabel("category").fill("toys");
  await form.getByLabel("page").fill("two");
  await form.getByLabel("polite").check();
  await form.getByLabel("kind", { exact: true }).click();
  await page.getByRole("option", { name: "used" }).click();
  await form.getByLabel("words").fill("red");
  await page.keyboard.press("Enter");
  expect(await form.getByLabel("api_key").inputValue()).toBe("***");
  expect(await form.getByLabel("api_key").getAttribute("type")).toBe("password");
  await unfold(form, "Environment variables");
  expect(await form.getByLabel("Value of STAGE").inputValue()).toBe("***");
  await form.getByRole("button", { name: "Add variable" }).click();
  await form.getByLabel("Name of variable 2").fill("PATH");
  await form.getByLabel("Value of PATH").fill("/tmp");
  await unfold(form, "Workers and stop timeout");
  await form.getByText("At most 2 on local.").waitFor();
  await form.getByLabel("Workers").fill("3");
  await form.getByLabel("Stop timeout").fill("2 s");

  await form.getByRole("button", { name: "Start run" }).click();
  await form.getByText("cannot be set: it decides which programs").waitFor();
  await form.getByText("must be a whole number of at least 1").waitFor();
  expect(await violationsOf(page)).toEqual([]);
  await form.getByLabel("Name of variable 2").fill("STAGE_TWO");
  await form.getByLabel("Reader, weight").fill("2");
  await form.getByRole("button", { name: "Start run" }).click();
  await form.getByText(/^must be at most 2, which the cluster local allows/).waitFor();
  await form.getByLabel("Workers").fill("1");
  await form.getByRole("button", { name: "Start run" }).click();
  await form.getByText("must be a number", { exact: true }).waitFor();
  await form.getByLabel("page").fill("4");
  await form.getByRole("button", { name: "Start run" }).click();

  const run = await startedRun(page);
  expect(settingsOf(run)).toMatchObject({
    userClasses: [
      { name: "Reader", weight: 2 },
      { name: "Payer", fixedCount: 1 },
    ],
    excludeTags: ["slow"],
    scriptOptions: {
      ...{ category: "toys", page: 4, polite: true, kind: "used", words: ["red"] },
      api_key: "***",
    },
    environment: { STAGE: "***", STAGE_TWO: "***" },
    ...{ workers: 1, stopTimeoutSeconds: 2, targetUsers: 4 },
  });
  const ended = await settled(world.server.client, run.id);
  expect(ended.status).toBe("Finished");
  const counts = await counted(world.server.client, run.id);
  expect(Object.keys(counts).toSorted()).toEqual([
    "GET /toys/used/True/red/key/of-the-load-test",
    "POST /checkout",
  ]);
  expect(sumOf(counts)).toBe(sumOf(world.shop.counts(run.id)));

  await page.getByText("Settings as resolved").click();
  await page.getByText("Payer, 1 user", { exact: true }).waitFor();
  await page.getByText("api_key: ***").waitFor();
  await page.getByText("STAGE_TWO", { exact: true }).waitFor();
  expect(await page.content()).not.toContain(KEY);
  // A value of its own, which nobody is shown, cannot be repeated: the run is refused, and says which one it is.
  await page.getByRole("button", { name: "Run again" }).click();
  await page.getByText(/environment\.STAGE_TWO must have its value/).waitFor();
  const body = { environment: { STAGE: "of-the-load-test", STAGE_TWO: "x" } };
  await world.server.client.updateLoadTest({ params: { loadTestId: id }, body });
  await page.getByRole("button", { name: "Run again" }).click();
  await page.getByRole("heading", { level: 1, name: "Shop #2" }).waitFor();
  const again = await startedRun(page);
  expect(settingsOf(again)).toEqual(settingsOf(run));
  await settled(world.server.client, again.id);
  expect(Object.keys(await counted(world.server.client, again.id))).toEqual(Object.keys(counts));

  // The next start begins as this one was.
  await page.goto(`${world.server.address}/load-tests/${id}`);
  await form.getByText("2 of 3 classes").waitFor();
  await unfold(form, "Options of the script");
  expect(await form.getByLabel("page").inputValue()).toBe("4");
  expect(await form.getByLabel("polite").isChecked()).toBe(true);
  expectClean();
});

test("the script's shape: started, shown in words, and run again", async () => {
  const id = await define();
  const { page, expectClean } = await open(`/load-tests/${id}`);
  const form = startForm(page);
  await form.getByText("Script’s shape", { exact: true }).click();
  await form.getByText("Steps decides how many users there are").waitFor();
  expect(await form.getByLabel("Users", { exact: true }).count()).toBe(0);
  await form.getByRole("button", { name: "Start run" }).click();
  const run = await startedRun(page);
  await page.getByText("load the script’s shape").waitFor();
  const ended = await settled(world.server.client, run.id);
  expect([ended.status, ended.statusReason?.code]).toEqual(["Finished", "shape_ended"]);
  await page.getByRole("button", { name: "Run again" }).click();
  await page.getByRole("heading", { level: 1, name: "Shop #2" }).waitFor();
  const again = await startedRun(page);
  expect(settingsOf(again)).toEqual(settingsOf(run));
  expect((await settled(world.server.client, again.id)).statusReason?.code).toBe("shape_ended");
  await page.getByText("the script’s shape").nth(1).waitFor();
  expect(await violationsOf(page)).toEqual([]);
  expectClean();
});

test("the settings of a load test have the same fields, and keep what another changes meanwhile", async () => {
  const id = await define({ environment: { STAGE: "first" } });
  const params = { loadTestId: id };
  const { client } = world.server;
  const { page, expectClean } = await open(`/load-tests/${id}`, /status of 400/, true);
  const form = page.getByRole("form", { name: "Settings" });
  await form.getByText("Stages", { exact: true }).click();
  await stageField(form, 1, "duration").fill("30 s");
  await stageField(form, 1, "users").fill("5");
  await unfold(form, "User classes");
  await form.getByRole("checkbox", { name: "Buyer" }).uncheck();
  await unfold(form, "Tags of tasks");
  await unfold(form, "Options of the script");
  await form.getByLabel("page").fill("7");
  await form.getByLabel("api_key").fill(KEY);
  await unfold(form, "Environment variables");
  await form.getByRole("button", { name: "Add variable" }).click();
  await form.getByLabel("Name of variable 2").fill("MORE");
  await form.getByLabel("Value of MORE").fill("secret");
  await unfold(form, "Workers");
  await form.getByLabel("Workers").fill("1");
  await client.updateLoadTest({ params, body: { includeTags: ["quick"] } });
  await form.getByText("changed the tags that run").waitFor();
  expect(await violationsOf(page)).toEqual([]);
  await form.getByRole("button", { name: "Keep what I changed" }).click();
  await form.getByText("only quick").waitFor();
  await form.getByRole("button", { name: "Save settings" }).click();
  await expect
    .poll(() => client.getLoadTest({ params }), SOON)
    .toMatchObject({
      loadProfile: { kind: "stages", stages: [{ durationSeconds: 30, users: 5, spawnRate: 1 }] },
      userClasses: [{ name: "Reader" }],
      includeTags: ["quick"],
      scriptOptions: { page: 7, api_key: "***" },
      environment: { STAGE: "***", MORE: "***" },
      workers: 1,
    });
  await expect.poll(() => form.getByLabel("Value of MORE").inputValue(), SOON).toBe("***");
  // A start that nobody has changed is as the load test says now.
  await startForm(page).getByText("1 of 3 classes").waitFor();
  await form.getByRole("button", { name: "Remove STAGE", exact: true }).click();
  await form.getByRole("button", { name: "As the script says" }).click();
  await form.getByRole("button", { name: "Save settings" }).click();
  await expect
    .poll(() => client.getLoadTest({ params }), SOON)
    .toMatchObject({ environment: { MORE: "***" } });
  expect(await client.getLoadTest({ params })).not.toHaveProperty("userClasses");
  expectClean();
});

test("a chosen class that a new revision does not have is said, and can be dropped", async () => {
  const id = await define({ userClasses: [{ name: "Reader" }, { name: "Former" }] });
  const { page, expectClean } = await open(`/load-tests/${id}`);
  const form = startForm(page);
  await form.getByText("1 of 3 classes; Former is not in the script").waitFor();
  await unfold(form, "User classes");
  await form.getByText("Former is chosen, and the script has no such class.").waitFor();
  expect(await violationsOf(page)).toEqual([]);
  await form.getByRole("button", { name: "Remove Former" }).click();
  await form.getByText("1 of 3 classes", { exact: true }).waitFor();
  expectClean();
});

test("where the script cannot be imported, names are typed, and the reason is said", async () => {
  const id = await define();
  const params = { loadTestId: id };
  const { client } = world.server;
  const content = `import nobody_has_this\n${SCRIPT}`;
  await client.saveScript({ params, body: { content, requirements: "nobody-has-this==1\n" } });
  const { page, expectClean } = await open(`/load-tests/${id}`, /status of 400/);
  const form = page.getByRole("form", { name: "Settings" });
  await unfold(form, "User classes");
  await form.getByText(/requirements\.txt.*So names are typed here\./).waitFor();
  await form.getByRole("button", { name: "Add class" }).click();
  await form.getByLabel("Class 1, name").fill("Buyer");
  await form.getByLabel("Buyer, weight").fill("2");
  await unfold(form, "Options of the script");
  await form.getByRole("button", { name: "Add option" }).click();
  await form.getByLabel("Name of option 1").fill("users");
  await form.getByLabel("Value of users").fill("3");
  await form.getByRole("button", { name: "Save settings" }).click();
  await form.getByText("is an option of Locust, which the run itself decides").waitFor();
  expect(await violationsOf(page)).toEqual([]);
  await form.getByLabel("Name of option 1").fill("page");
  await form.getByRole("button", { name: "Save settings" }).click();
  await expect
    .poll(() => client.getLoadTest({ params }), SOON)
    .toMatchObject({ userClasses: [{ name: "Buyer", weight: 2 }], scriptOptions: { page: "***" } });
  expectClean();
});

test("what the saved script defines is shown below the editor; an error of its import leads to its line", async () => {
  const id = await define();
  const { page, expectClean } = await open(`/load-tests/${id}`);
  await page.getByText("3 User classes, 6 options, 2 tags").click();
  await page.getByText("weight 0: only where a run asks for it").waitFor();
  await page.getByText("What is looked at.").first().waitFor();
  expect(await violationsOf(page)).toEqual([]);
  const body = { content: `${SCRIPT}\n\nraise ValueError("not today")\n` };
  await world.server.client.saveScript({ params: { loadTestId: id }, body });
  const line = SCRIPT.split("\n").length + 2;
  const error = page.getByRole("list", { name: "Errors when imported" });
  await error.getByText(/ValueError: not today/).waitFor();
  await error.getByRole("button", { name: `locustfile.py, line ${line}` }).click();
  await expect
    .poll(() =>
      page.evaluate<string>(
        "getSelection().anchorNode?.parentElement?.closest('.cm-line')?.textContent ?? ''",
      ),
    )
    .toContain("raise ValueError");
  expectClean();
});
