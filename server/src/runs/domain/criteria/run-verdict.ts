import { type Expression, unitOf } from "@load-manager/contract/criteria/expression.ts";
import { parseExpression } from "@load-manager/contract/criteria/parse.ts";
import {
  type Criterion,
  type CriterionVerdict,
  type Verdict,
  VERDICT_REASONS,
} from "@load-manager/contract/model/criterion.ts";
import type { EndCause, LoadTestRun } from "@load-manager/contract/model/run.ts";
import { isTerminal } from "../states.ts";
import type { WindowVerdict } from "./judge-window.ts";

type Inconclusive = Extract<WindowVerdict, { readonly verdict: "inconclusive" }>;

const messageOf = (
  { code, requestsNeeded, message }: Inconclusive,
  requests: number | null,
): string => {
  if (code !== "few_values") return message ?? VERDICT_REASONS[code];
  const there = requests === null ? "" : `: ${requests}`;
  return `Too few requests for the figure to decide${there}; ${requestsNeeded ?? 0} are needed.`;
};

/** The fields of a criterion's verdict that follow from what was judged. */
export const verdictFields = (
  verdict: WindowVerdict,
  requests: number | null,
): Pick<CriterionVerdict, "verdict" | "close" | "reason"> => {
  if (verdict.verdict !== "inconclusive")
    return { verdict: verdict.verdict, ...(verdict.close ? { close: true as const } : {}) };
  const { code, requestsNeeded } = verdict;
  const needed = requestsNeeded === undefined ? {} : { requestsNeeded };
  const reason = { code, message: messageOf(verdict, requests), ...needed };
  return { verdict: "inconclusive", reason };
};

/** The expression of a criterion that has been checked when it was saved. */
export const expressionOf = ({
  id,
  expression,
}: Pick<Criterion, "id" | "expression">): Expression => {
  const parsed = parseExpression(expression);
  if (parsed.ok) return parsed.expression;
  throw new Error(`The criterion ${id} was stored with a fault: ${parsed.fault.message}`);
};

/** A criterion of which nothing could be measured. */
export const undecided = (criterion: Criterion, code: Inconclusive["code"]): CriterionVerdict => {
  const { metric, limit } = expressionOf(criterion);
  return {
    ...criterion,
    ...verdictFields({ verdict: "inconclusive", code }, null),
    observed: null,
    limit: limit.kind === "value" ? limit.value : null,
    unit: unitOf(metric),
    requests: null,
  };
};

/**
 * The verdict of a run: that of its criteria of severity fail, the worst first. Without criteria `none`; with warnings only,
 * none of which can fail it, passed, unless the run could not run.
 */
export const verdictOfRun = (
  verdicts: readonly Pick<CriterionVerdict, "severity" | "verdict" | "reason">[] | undefined,
): Verdict => {
  if (verdicts === undefined || verdicts.length === 0) return "none";
  const gates = verdicts.filter(({ severity }) => severity === "fail");
  if (gates.some(({ verdict }) => verdict === "failed")) return "failed";
  if (gates.some(({ verdict }) => verdict === "inconclusive")) return "inconclusive";
  return verdicts.some(({ reason }) => reason?.code === "could_not_run")
    ? "inconclusive"
    : "passed";
};

/** Failed means that the run could not run, and so does an end before any load. */
export const couldNotRun = ({ status, startedAt }: LoadTestRun): boolean =>
  status === "Failed" || (isTerminal(status) && startedAt === undefined);

/** Whether an end cuts a run short: always, never, or where its duration was not over. */
const CUTS: Readonly<Record<EndCause, "always" | "never" | "before duration">> = {
  duration_reached: "never",
  shape_ended: "never",
  users_finished: "before duration",
  stopped_by_user: "before duration",
  stopped_at_locust: "before duration",
  stopped_by_script: "before duration",
  auto_stop_errors: "always",
  criterion_failed: "always",
  failed: "always",
};

/** The plugin's timer and the recorded end may differ a little. */
const SLACK_MS = 1000;

/** Whether the load of an ended run ended before its time. A run without a duration lasts as long as somebody wants. */
export const isCutShort = (
  { endCause, durationSeconds }: Pick<LoadTestRun, "endCause" | "durationSeconds">,
  loadMs: number,
): boolean => {
  const cuts = endCause === undefined ? "never" : CUTS[endCause];
  if (cuts !== "before duration") return cuts === "always";
  return durationSeconds !== undefined && loadMs < durationSeconds * 1000 - SLACK_MS;
};
