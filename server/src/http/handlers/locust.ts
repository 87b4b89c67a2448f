import type { LoadTestRun } from "@load-manager/contract/run.ts";
import {
  handleTestStart,
  handleTestStop,
  registerExternalTestRun,
  runOfCallback,
  updateMetrics,
} from "../../runs/commands/locust-callbacks.ts";
import type { RunDeps } from "../../runs/deps.ts";
import { isTerminal } from "../../runs/domain/states.ts";
import type { Handlers } from "../bind.ts";

type Keys = "registerExternal" | "testStart" | "testStop" | "pushMetrics";
type Deps = { readonly runs: RunDeps; readonly wake: (runId?: string) => void };

/** Called from inside Locust: each only notes what it is told and wakes the loop. */
export const locustHandlers = ({ runs: deps, wake }: Deps): Pick<Handlers, Keys> => {
  const done = (run: LoadTestRun, message: string) => {
    wake(run.id);
    return { body: { success: true, message } };
  };
  return {
    registerExternal: async ({ body }) => {
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
    testStart: async ({ body }) => {
      const run = await runOfCallback(deps, body.runId);
      await handleTestStart(deps, run);
      return done(run, "The start is noted.");
    },
    testStop: async ({ body }) => {
      const run = await runOfCallback(deps, body.runId);
      await handleTestStop(deps, run, body);
      return done(run, "The end is noted.");
    },
    pushMetrics: async ({ body }) => {
      const run = await runOfCallback(deps, body.runId);
      if (isTerminal(run.status))
        return done(run, "The run has ended; these figures are not counted.");
      await updateMetrics(deps, run, body.metrics);
      return done(run, "The figures are stored.");
    },
  };
};
