import type { LoadTestRun } from "@load-manager/contract/run.ts";
import type { Observation } from "../clusters/port.ts";
import type { FigureWindow } from "./auto-stop.ts";
import type { RunDeps } from "./deps.ts";
import { POLICY } from "./policy.ts";

/** How many requests were known when their number last rose, and when that was, on the monotonic clock. */
export type KnownProgress = { readonly requests: number; readonly at: number };

/** For how long the number of completed requests has not risen; counted while Locust says that it runs. */
export const stalledFor = (
  seen: Observation,
  requestsSeen: number,
  memory: { progress?: KnownProgress | undefined },
  mono: number,
): number => {
  if (seen.kind !== "load" || seen.load.phase !== "running") {
    memory.progress = undefined;
    return 0;
  }
  const requests = Math.max(seen.load.requests, requestsSeen);
  const known = memory.progress;
  if (known === undefined || requests > known.requests) memory.progress = { requests, at: mono };
  return mono - (memory.progress?.at ?? mono);
};

/** What auto-stop looks at. The plugin, where there is one, has the first word. */
export const windowOf = async (
  deps: Pick<RunDeps, "figures">,
  run: LoadTestRun,
): Promise<FigureWindow | undefined> => {
  const { autoStop } = run;
  if (run.status !== "Running" || autoStop?.enabled !== true) return undefined;
  const lag = run.engine?.pluginVersion === undefined ? 0 : POLICY.autoStopGraceMs / 1000;
  return deps.figures.window(run.id, autoStop.windowSeconds, lag);
};
