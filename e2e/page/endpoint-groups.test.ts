import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  defineShop,
  expectNoProcesses,
  LOCUSTS,
  newFolder,
  removeFolder,
  type Server,
  settled,
  startServer,
} from "../harness.ts";
import { launchBrowser, openPage, violationsOf } from "./browser.ts";

const SCRIPT = `
from locust import User, constant, task

class Many(User):
    wait_time = constant(1)

    @task
    def ask(self):
        for number in range(60):
            self.environment.events.request.fire(
                request_type="GET", name="/item/%d" % number, response_time=5, response_length=1, exception=None, context={})
`;

let browser: Browser;
let server: Server;
const dataDir = newFolder();
beforeAll(async () => {
  [server, browser] = await Promise.all([
    startServer({ python: LOCUSTS[0]?.python ?? "python3", dataDir }),
    launchBrowser(),
  ]);
});
afterAll(async () => {
  await browser.close();
  await server.kill("SIGTERM");
  expectNoProcesses(dataDir);
  removeFolder(dataDir);
});

test("the event of a run takes its rules into the load test, whose page edits them", async () => {
  const { client, address } = server;
  const loadTestId = await defineShop(client, "http://many.test", { locustfile: SCRIPT });
  const rules = async () => (await client.getLoadTest({ params: { loadTestId } })).endpointGroups;
  const body = { targetUsers: 1, spawnRate: 1, durationSeconds: 3 };
  const { id: runId } = await client.createRun({ params: { loadTestId }, body });
  await settled(client, runId);
  const { page, expectClean } = await openPage(browser, address);
  await page.goto(`${address}/runs/${runId}`);
  const list = page.getByRole("region", { name: "List of events" });
  await list
    .getByText("60 endpoints differ only in a part of their name; group them as GET /item/*.")
    .waitFor();
  expect(await violationsOf(page)).toEqual([]);
  await list.getByRole("button", { name: "Group them" }).click();
  await list.getByText("The next runs group them.").waitFor();
  expect(await rules()).toEqual([{ pattern: "/item/*" }]);

  await page.goto(`${address}/load-tests/${loadTestId}`);
  const form = page.getByRole("form", { name: "Endpoint groups" });
  const text = form.getByLabel("Rules");
  await expect.poll(() => text.inputValue(), { timeout: 10_000 }).toBe("/item/*");
  await text.fill("/item/**/x\n");
  await form.getByText("Line 1: the pattern has ** in the middle").waitFor();
  expect(await form.getByRole("button", { name: "Save groups" }).isDisabled()).toBe(true);
  await text.fill("/item/7\n\nGET /item/* = Item\n");
  expect(await violationsOf(page)).toEqual([]);
  await page.getByRole("link", { name: "Runs", exact: true }).click();
  await page.getByRole("button", { name: "Stay" }).click();
  await form.getByRole("button", { name: "Save groups" }).click();
  await expect
    .poll(rules)
    .toEqual([{ pattern: "/item/7" }, { pattern: "/item/*", name: "Item", method: "GET" }]);
  // Another's change is not overwritten unseen.
  await text.fill("/mine/*");
  const theirs = { endpointGroups: [{ pattern: "/theirs/*" }], updatedBy: "Ada" };
  await client.updateLoadTest({ params: { loadTestId }, body: theirs });
  await form.getByText("Ada changed these rules meanwhile.").waitFor();
  await form.getByRole("button", { name: "Use theirs" }).click();
  expect(await text.inputValue()).toBe("/theirs/*");
  await text.fill("");
  await form.getByRole("button", { name: "Save groups" }).click();
  await expect.poll(rules).toBeUndefined();
  expectClean();
});
