import { type Failpoint, noFailpoints } from "../../lib/failpoints.ts";
import type { RunMetrics } from "../../metrics/run-metrics.ts";
import { createRunServices } from "../services.ts";

type AllParts = Parameters<typeof createRunServices<RunMetrics>>[0];
export type Parts = Omit<
  AllParts,
  "limits" | "log" | "failpoint" | "onStatus" | "onSettled" | "outline"
> & {
  readonly failpoint?: Failpoint;
};

const LIMITS: AllParts["limits"] = {
  maxDurationSeconds: 60,
  pendingTimeoutSeconds: 6000,
  metricsPollIntervalSeconds: 2,
};

const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** The services of runs as the server has them, from parts that a test may replace. */
export const assemble = ({ failpoint = noFailpoints, ...parts }: Parts) => ({
  ...createRunServices({
    ...parts,
    failpoint,
    limits: LIMITS,
    log: SILENT,
    onStatus: () => {},
    onSettled: () => {},
    outline: async () => ({ problems: [], why: "No script is imported here." }),
  }),
  stores: parts.stores,
});
export type Services = ReturnType<typeof assemble>;
