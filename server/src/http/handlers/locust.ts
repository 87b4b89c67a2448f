import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { registerExternalTestRun } from "../../runs/commands/external-runs.ts";
import {
  handleTestStart,
  handleTestStop,
  runOfCallback,
  updateMetrics,
} from "../../runs/commands/locust-callbacks.ts";
import { isTerminal } from "../../runs/domain/states.ts";
import type { Handlers } from "../bind.ts";

type Keys = "registerExternalRun" | "reportTestStart" | "reportTestStop" | "reportMetrics";
type Deps = Parameters<typeof registerExternalTestRun>[0] & Parameters<typeof handleTestStop>[0];

/** Called from inside Locust: each stores what is reported and wakes the controller. */
export const locustHandlers = (
  deps: Deps,
  wake: (runId?: string) => void,
): Pick<Handlers, Keys> => {
  const done = (run: LoadTestRun, message: string) => {
    wake(run.id);
    return { body: { success: true, message } };
  };
  return {
    registerExternalRun: async ({ body }) => {
      const run = await registerExternalTestRun(deps, body);
      wake(run.id);
      return {
        body: {
          runId: run.id,
          message: `This is the run ${run.name}.`,
          ...(run.maxDurationSec === undefined ? {} : { maxSeconds: run.maxDurationSec }),
        },
      };
    },
    reportTestStart: async ({ body }) => {
      const run = await runOfCallback(deps, body.runId);
      await handleTestStart(deps, run);
      return done(run, "The start is recorded.");
    },
    reportTestStop: async ({ body }) => {
      const run = await runOfCallback(deps, body.runId);
      await handleTestStop(deps, run, body);
      return done(run, "The end is recorded.");
    },
    reportMetrics: async ({ body }) => {
      const run = await runOfCallback(deps, body.runId);
      if (isTerminal(run.status))
        return done(run, "The run has ended; these metrics are not counted.");
      await updateMetrics(deps, run, body.metrics);
      return done(run, "The metrics are stored.");
    },
  };
};
