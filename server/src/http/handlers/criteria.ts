import type { CheckCriteria, CriteriaCheck } from "@load-manager/contract/api/criteria.ts";
import { type Expression, secondsNeeded } from "@load-manager/contract/criteria/expression.ts";
import { formatExpression } from "@load-manager/contract/criteria/format.ts";
import { parseExpression } from "@load-manager/contract/criteria/parse.ts";
import { withIds } from "../../lib/criteria.ts";
import { AppError } from "../../lib/errors.ts";
import type { RunMetrics } from "../../metrics/run-metrics.ts";
import { verdictOfRun } from "../../runs/domain/criteria/run-verdict.ts";
import { isTerminal } from "../../runs/domain/states.ts";
import type { RunReader } from "../../stores/model/load-test-run.ts";
import type { Handlers } from "../bind.ts";
import { visibleRunOf } from "./runs.ts";

type CheckedItem = CriteriaCheck["items"][number];

const itemOf = (expression: Expression, text: string, seconds: number | undefined): CheckedItem => {
  const needed = secondsNeeded(expression.window);
  if (seconds !== undefined && needed > seconds) {
    const message = `needs a load of ${needed} s, and the load lasts ${seconds} s`;
    return { ok: false, fault: { column: 1, length: text.length, message } };
  }
  return { ok: true, expression: formatExpression(expression), form: expression };
};

const checked = (
  given: CheckCriteria["expressions"][number],
  seconds: number | undefined,
): CheckedItem => {
  if (typeof given !== "string") return itemOf(given, formatExpression(given), seconds);
  const parsed = parseExpression(given);
  return parsed.ok ? itemOf(parsed.expression, given, seconds) : { ok: false, fault: parsed.fault };
};

/** The check of expressions, and the verdicts of runs. */
export const criteriaHandlers = ({
  runs,
  metrics,
}: {
  readonly runs: RunReader;
  readonly metrics: Pick<RunMetrics, "judgeCriteria" | "liveCriteria">;
}): Pick<Handlers, "checkCriteria" | "getRunVerdict" | "evaluateRun"> => ({
  checkCriteria: async ({ body, access }) => {
    access.checkAnywhere();
    const items = body.expressions.map((given) => checked(given, body.durationSeconds));
    return { body: { ok: items.every(({ ok }) => ok), items } };
  },
  getRunVerdict: async ({ params, access }) => {
    const run = await visibleRunOf(runs, access, params.runId);
    const { id: runId, status, verdict, settledAt, criterionVerdicts = [] } = run;
    const settled = settledAt === undefined ? {} : { settledAt };
    const isLive = status === "Running" && run.criteria !== undefined;
    const live = isLive ? { live: await metrics.liveCriteria(run) } : {};
    return { body: { runId, status, verdict, ...settled, criteria: criterionVerdicts, ...live } };
  },
  evaluateRun: async ({ params, body, access }) => {
    const run = await visibleRunOf(runs, access, params.runId);
    if (!isTerminal(run.status))
      throw new AppError("conflict", `The run is ${run.status}; it is judged when it has ended.`);
    const criteria = await metrics.judgeCriteria(run, withIds(body.criteria));
    const { id: runId, status } = run;
    return { body: { runId, status, verdict: verdictOfRun(criteria), criteria } };
  },
});
