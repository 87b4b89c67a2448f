import { parentPort } from "node:worker_threads";
import { messageOf } from "../../lib/errors.ts";
import type { Rollup, MetricRecord } from "../../stores/ports.ts";
import { buildRollups } from "./build.ts";

/** What the thread is asked: one window of one run. */
export type Work = {
  readonly id: number;
  readonly runId: string;
  readonly start: number;
  readonly rows: readonly MetricRecord[];
  readonly before: readonly Rollup[];
};
export type Done =
  | { readonly id: number; readonly rollups: readonly Rollup[] }
  | { readonly id: number; readonly error: string };

const port = parentPort;
if (port === null) throw new Error("this file runs in a worker thread");
port.on("message", ({ id, runId, start, rows, before }: Work) => {
  try {
    const done: Done = { id, rollups: buildRollups(runId, start, rows, before) };
    port.postMessage(done);
  } catch (error) {
    const done: Done = { id, error: messageOf(error) };
    port.postMessage(done);
  }
});
