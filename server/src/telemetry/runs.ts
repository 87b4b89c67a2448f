import { Verdict } from "@load-manager/contract/model/criterion.ts";
import { type LoadTestRun, RunStatus } from "@load-manager/contract/model/run.ts";
import { Counter, Histogram, type Registry } from "prom-client";
import type { Clock } from "../lib/clock.ts";
import { isTerminal } from "../runs/domain/states.ts";
import { addGauge } from "./registry.ts";

/** From a free slot to the default of orchestrator.pendingTimeoutSeconds. */
const WAIT_BUCKETS_SECONDS = [1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400];

/** Counts waits of runs, to be told of each change of status that this server has stored, and their ends, of each run that it has settled. */
export const countRuns = (registry: Registry) => {
  const registers = [registry];
  const ended = new Counter({
    name: "load_manager_ended_runs_total",
    help: "Runs that have ended and that this server has settled, by their final status and verdict.",
    labelNames: ["status", "verdict"],
    registers,
  });
  for (const status of RunStatus.options.filter(isTerminal)) {
    for (const verdict of Verdict.options) ended.inc({ status, verdict }, 0);
  }
  const waits = new Histogram({
    name: "load_manager_queue_wait_seconds",
    help: "How long runs waited for a slot of their cluster.",
    labelNames: ["cluster"],
    buckets: WAIT_BUCKETS_SECONDS,
    registers,
  });
  return {
    countWait: (run: LoadTestRun, from: RunStatus | undefined): void => {
      if (from !== "Pending" || run.startingAt === undefined) return;
      waits.observe({ cluster: run.locustClusterId }, (run.startingAt - run.createdAt) / 1000);
    },
    countSettled: ({ status, verdict }: LoadTestRun): void => ended.inc({ status, verdict }),
  };
};

/** What is stored of runs that are not over, read once for each answer to `GET /metrics`. */
export const reportOpenRuns = (
  registry: Registry,
  unsettledRuns: () => Promise<readonly LoadTestRun[]>,
  clusterIds: () => readonly string[],
  clock: Pick<Clock, "now">,
): void => {
  let reading: Promise<readonly LoadTestRun[] | undefined> | undefined;
  /** Also when the store does not answer the other metrics are of use, and then most of all. */
  const read = () =>
    (reading ??= unsettledRuns()
      .catch(() => undefined)
      .finally(() => {
        reading = undefined;
      }));
  const waitingAt = (open: readonly LoadTestRun[], clusterId: string) =>
    open.filter((run) => run.status === "Pending" && run.locustClusterId === clusterId);

  addGauge(registry, {
    name: "load_manager_store_up",
    help: "Whether the store answered when these metrics were read: 1 or 0.",
    async collect() {
      this.set((await read()) === undefined ? 0 : 1);
    },
  });
  addGauge(registry, {
    name: "load_manager_open_runs",
    help: "Runs in the store that are not settled, by status.",
    labelNames: ["status"],
    async collect() {
      const open = await read();
      this.reset();
      if (open === undefined) return;
      for (const status of RunStatus.options) {
        this.set({ status }, open.filter((run) => run.status === status).length);
      }
    },
  });
  addGauge(registry, {
    name: "load_manager_queued_runs",
    help: "Runs that wait for a slot, by cluster.",
    labelNames: ["cluster"],
    async collect() {
      const open = await read();
      this.reset();
      if (open === undefined) return;
      for (const cluster of clusterIds()) this.set({ cluster }, waitingAt(open, cluster).length);
    },
  });
  addGauge(registry, {
    name: "load_manager_queue_oldest_wait_seconds",
    help: "How long the run that has waited longest for a slot has waited by now, by cluster; 0 where none waits.",
    labelNames: ["cluster"],
    async collect() {
      const open = await read();
      this.reset();
      if (open === undefined) return;
      const now = clock.now();
      for (const cluster of clusterIds()) {
        const [oldest] = waitingAt(open, cluster);
        this.set({ cluster }, (now - (oldest?.createdAt ?? now)) / 1000);
      }
    },
  });
};
