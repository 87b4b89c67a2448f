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
    registerExternalRun: async ({ body, actor }) => {
      const run = await registerExternalTestRun(deps, body, actor);
      wake(run.id);
      return {
        body: {
          runId: run.id,
          message: `This is the run ${run.name}.`,
          ...(run.maxDurationSec === undefined ? {} : { maxSeconds: run.maxDurationSec }),
        },
      };
    },
    reportTestStart: async ({ body, actor }) => {
      const run = await runOfCallback(deps, body.runId);
      await handleTestStart(deps, run, actor);
      return done(run, "The start is recorded.");
    },
    reportTestStop: async ({ body, actor, address }) => {
      const run = await runOfCallback(deps, body.runId);
      const ignored = await handleTestStop(deps, run, { ...body, reporter: address }, actor);
      return done(run, ["The end is recorded.", ignored].join(" ").trimEnd());
    },
    reportMetrics: async ({ body, address }) => {
      const run = await runOfCallback(deps, body.runId);
      if (isTerminal(run.status))
        return done(run, "The run has ended; these metrics are not counted.");
      const ignored = await updateMetrics(deps, run, body.metrics, { reporter: address });
      return done(run, ignored ?? "The metrics are stored.");
    },
  };
};
