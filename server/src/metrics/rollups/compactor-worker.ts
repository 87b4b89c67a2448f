import { parentPort } from "node:worker_threads";
import { messageOf } from "../../lib/errors.ts";
import type { Rollup, MetricRecord } from "../../stores/model/metric-store.ts";
import { buildRollups } from "./build.ts";
import { buildLateRollups } from "./build-late.ts";

/** A request to the worker thread: the arguments of `buildRollups`. */
export type BuildRequest = {
  readonly id: number;
  readonly runId: string;
  readonly start: number;
  readonly records: readonly MetricRecord[];
  readonly before: readonly Rollup[];
};
export type BuildAnswer =
  | { readonly id: number; readonly rollups: readonly Rollup[] }
  | { readonly id: number; readonly error: string };

const port = parentPort;
if (port === null) throw new Error("compactor-worker.ts runs in a worker thread only");
const build = ({ id, runId, start, records, before }: BuildRequest): BuildAnswer => {
  try {
    const hasSeconds = before.length === 0 || before.some(({ level }) => level === 1);
    const buildAll = hasSeconds ? buildRollups : buildLateRollups;
    return { id, rollups: buildAll(runId, start, records, before) };
  } catch (error) {
    return { id, error: messageOf(error) };
  }
};
port.on("message", (request: BuildRequest) => port.postMessage(build(request)));
