import { expect, test } from "vitest";
import { SCOPE, settled } from "../harness.ts";
import { openPage, violationsOf } from "./browser.ts";
import { pageWorld } from "./world.ts";

const world = pageWorld();

/** Half of the users leave after a while. */
const LEAVING = `
import time
from locust import User, constant, task
from locust.exception import StopUser

class Visitor(User):
    wait_time = constant(0.1)
    count = 0

    def on_start(self):
        Visitor.count += 1
        self.leaves = time.monotonic() + 14 if Visitor.count % 2 else None

    @task
    def look(self):
        self.environment.events.request.fire(
            request_type="GET", name="/", response_time=5, response_length=1, exception=None, context={})
        if self.leaves and time.monotonic() > self.leaves:
            raise StopUser()
`;

test("a finding says what it means, and shows its time in the charts", async () => {
  const { client, address } = world.server;
  const loadTest = await client.createLoadTest({
    body: { ...SCOPE, name: "Leaving", targetUrl: world.shop.url, locustfile: LEAVING },
  });
  const { id } = await client.createRun({
    params: { loadTestId: loadTest.id },
    body: { targetUsers: 4, spawnRate: 4, durationSeconds: 40, workers: 1 },
  });
  const run = await settled(client, id);
  const { findings } = await client.getRunSummary({ params: { runId: id } });
  expect(findings.map(({ code }) => code)).toEqual(["users_below_target"]);
  const [{ since, until = 0 } = { since: 0 }] = findings;
  const { page, expectClean } = await openPage(await world.browser.newContext(), address);
  await page.goto(`${address}/runs/${run.id}`);
  await page.getByText("2 of 4 users run.").waitFor();
  expect(await violationsOf(page)).toEqual([]);
  await page.getByRole("button", { name: "Show this time: 2 of 4 users run." }).click();
  const bound = (name: string): number =>
    Number(new URL(page.url()).searchParams.get(name) ?? Number.NaN) / 1000;
  const begun = (since - (run.loadStartedAt ?? 0)) / 1000;
  // A tenth of its time is shown before it too.
  await expect
    .poll(() => Math.abs(bound("from") - begun + (until - since) / 10_000))
    .toBeLessThan(1);
  expect(bound("to")).toBeGreaterThan(35);
  expectClean();
});
