import { beforeAll } from "vitest";
import { defineShop, settled } from "../harness.ts";
import { openPage } from "./browser.ts";
import { pageWorld } from "./world.ts";

const SCRIPT = `
from locust import User, constant, task

class Visitor(User):
    wait_time = constant(0.2)

    @task
    def visit(self):
        fire = self.environment.events.request.fire
        for name, ms in [("/", 20), ("/cart", 80), ("/search", 40)]:
            fire(request_type="GET", name=name, response_time=ms, response_length=1, exception=None, context={})
        fire(request_type="POST", name="/checkout", response_time=150, response_length=1, exception=ValueError("sold out"), context={})
`;
const SECONDS = 30;

/** A world with a load test whose second run has ended: 30 s of 10 users, and four endpoints of which one fails. */
export const endedRun = () => {
  const world = pageWorld();
  let runId = "";
  beforeAll(async () => {
    const loadTestId = await defineShop(world.server.client, "http://shop.test", {
      locustfile: SCRIPT,
    });
    const start = async (durationSeconds: number): Promise<string> => {
      const body = {
        targetUsers: 10,
        spawnRate: 1,
        durationSeconds,
        autoStop: { enabled: false },
      };
      return (await world.server.client.createRun({ params: { loadTestId }, body })).id;
    };
    await settled(world.server.client, await start(8));
    runId = await start(SECONDS);
    await settled(world.server.client, runId);
  });
  return {
    world,
    runIdOf: () => runId,
    /** Opens the run; `search` is its window and endpoints. */
    openRun: async (search = "", width = 1440) => {
      const context = await world.browser.newContext({ viewport: { width, height: 1200 } });
      const watched = await openPage(context, world.server.address);
      await watched.page.goto(`${world.server.address}/runs/${runId}${search}`);
      return watched;
    },
  };
};
