import { parentPort } from "node:worker_threads";
import { messageOf } from "../../lib/errors.ts";
import type { Rollup, MetricRecord } from "../../stores/model/metric-store.ts";
import { buildRollups } from "./build.ts";

/** A request to the worker thread: the arguments of `buildRollups`. */
export type BuildRequest = {
  readonly id: number;
  readonly runId: string;
  readonly start: number;
  readonly samples: readonly MetricRecord[];
  readonly before: readonly Rollup[];
};
export type BuildAnswer =
  | { readonly id: number; readonly rollups: readonly Rollup[] }
  | { readonly id: number; readonly error: string };

const port = parentPort;
if (port === null) throw new Error("compactor-worker.ts runs in a worker thread only");
const build = ({ id, runId, start, samples, before }: BuildRequest): BuildAnswer => {
  try {
    return { id, rollups: buildRollups(runId, start, samples, before) };
  } catch (error) {
    return { id, error: messageOf(error) };
  }
};
port.on("message", (request: BuildRequest) => port.postMessage(build(request)));
