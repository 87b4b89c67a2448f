import { expect, onTestFinished, test } from "vitest";
import {
  expectNoProcesses,
  LOCUSTS,
  newFolder,
  removeFolder,
  settled,
  startServer,
} from "./harness.ts";

test("the shop of a demo that was started in the page is there again after the server was killed, so that its load test can run again", async () => {
  const dataDir = newFolder();
  onTestFinished(() => {
    expectNoProcesses(dataDir);
    removeFolder(dataDir);
  });
  const python = LOCUSTS[0]?.python ?? "python3";
  const load = { targetUsers: 2, spawnRate: 2, durationSeconds: 2 };
  const first = await startServer({ python, dataDir });
  const { id, loadTestId = "", targetUrl = "" } = await first.client.startDemo({ body: load });
  await settled(first.client, id);
  await first.kill("SIGKILL");
  await expect(fetch(targetUrl)).rejects.toThrow();
  const second = await startServer({ python, dataDir });
  onTestFinished(() => second.kill("SIGTERM"));
  await expect.poll(() => fetch(targetUrl).then(({ status }) => status, String)).toBe(200);
  const again = await second.client.createRun({ params: { loadTestId }, body: load });
  const { summary } = await settled(second.client, again.id);
  expect(summary).toMatchObject({ totalFailures: 0 });
  expect(summary?.totalRequests).toBeGreaterThan(2);
});
