import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { createPeriodic, stopWithin } from "./periodic.ts";

const silent = { error: () => {} };

test("a wake-up during a run is not lost, and runs never overlap", async () => {
  let [runs, under] = [0, 0];
  const job = createPeriodic({
    name: "test",
    intervalMs: 60_000,
    log: silent,
    job: async () => {
      under += 1;
      expect(under).toBe(1);
      runs += 1;
      await sleep(20);
      under -= 1;
      return runs === 2 ? "done" : undefined;
    },
  });
  job.start();
  job.wake();
  await job.ended;
  expect(runs).toBe(2);
});

test("an error ends nothing, and the same one is logged once", async () => {
  const logged: object[] = [];
  let runs = 0;
  const job = createPeriodic({
    name: "test",
    intervalMs: 1,
    fields: { runId: "r" },
    log: { error: (fields) => void logged.push(fields) },
    job: async () => {
      runs += 1;
      if (runs === 5) return "done";
      throw new Error(runs < 4 ? "one" : "another");
    },
  });
  job.start();
  await job.ended;
  expect(logged).toEqual([
    { event: "test_failed", error: "one", runId: "r" },
    { event: "test_failed", error: "another", runId: "r" },
  ]);
});

test("an error that goes on is logged again after a minute", async () => {
  vi.useFakeTimers();
  try {
    let logged = 0;
    const job = createPeriodic({
      name: "test",
      intervalMs: 1000,
      log: { error: () => void (logged += 1) },
      job: () => Promise.reject(new Error("the same")),
    });
    job.start();
    await vi.advanceTimersByTimeAsync(59_000);
    expect(logged).toBe(1);
    await vi.advanceTimersByTimeAsync(3000);
    expect(logged).toBe(2);
    await job.stop();
  } finally {
    vi.useRealTimers();
  }
});

test("stopping within a time does not wait for a job that takes longer", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const endless = createPeriodic({
    name: "test",
    intervalMs: 1,
    log: silent,
    job: () => promise,
  });
  endless.start();
  await stopWithin(10, [endless]);
  resolve();
  await endless.ended;
});

test("stop waits for the run under way, aborts its signal, and ends a pause", async () => {
  let aborted = false;
  const job = createPeriodic({
    name: "test",
    intervalMs: 60_000,
    log: silent,
    job: async (signal) => {
      await new Promise<void>((resolve) => {
        signal.addEventListener("abort", () => {
          aborted = true;
          resolve();
        });
      });
    },
  });
  job.start();
  await sleep(5);
  await job.stop();
  expect(aborted).toBe(true);
  const idle = createPeriodic({
    name: "test",
    intervalMs: 60_000,
    log: silent,
    job: async () => {},
  });
  idle.start();
  await sleep(5);
  await idle.stop();
});

test("a job that was never started stops at once", async () => {
  const job = createPeriodic({ name: "test", intervalMs: 1, log: silent, job: async () => {} });
  await job.stop();
});
