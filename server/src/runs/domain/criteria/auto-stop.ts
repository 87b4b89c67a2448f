import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { AutoStopEvidence } from "../observation.ts";
import { NO_DOUBTS } from "./figures.ts";
import { judgeWindow } from "./judge-window.ts";

/** Requests and failures of whole seconds. Unix seconds; `to` is not included. */
export type RequestWindow = {
  readonly requests: number;
  readonly failures: number;
  readonly from: number;
  readonly to: number;
};

/**
 * The evidence for auto-stop, where enough requests of the window failed: the criterion `errorRate < failedPercent % over last
 * windowSeconds s` is violated, with a least number of requests of its own. The plugin's `master/auto_stop.py` has the same rule.
 */
export const autoStopEvidence = (
  run: Pick<LoadTestRun, "autoStop" | "loadStartedAt" | "startedAt">,
  window: RequestWindow | undefined,
): AutoStopEvidence | undefined => {
  const { autoStop } = run;
  const began = run.loadStartedAt ?? run.startedAt;
  if (window === undefined || began === undefined || autoStop?.enabled !== true) return undefined;
  const { requests, failures, from, to } = window;
  if (from * 1000 < began || failures === 0) return undefined;
  const { failedPercent: limit, minRequests: leastRequests } = autoStop;
  const judged = { metric: "errorRate", operator: "<", limit, leastRequests } as const;
  const counts = { requests, failures, isKnown: true, timed: 0, sumMs: 0 };
  const times = { seconds: to - from, busiestRate: 0, blocks: [] };
  const figures = { observed: (100 * failures) / requests, ...counts, ...times };
  if (judgeWindow(judged, figures, NO_DOUBTS).verdict !== "failed") return undefined;
  return {
    requests,
    failures,
    failedPercent: Math.round((failures * 10_000) / requests) / 100,
    windowSeconds: autoStop.windowSeconds,
    from: new Date(from * 1000).toISOString(),
    to: new Date(to * 1000).toISOString(),
  };
};
