import type { EndpointRow } from "@load-manager/contract/api/metrics.ts";
import { formatBaseline, formatFigure } from "@load-manager/contract/criteria/format.ts";
import type { CriterionVerdict } from "@load-manager/contract/model/criterion.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";

/** A settled run as the reports show it. */
export type ReportedRun = {
  readonly run: LoadTestRun;
  /** The load test's name, which stays the same from run to run; that of the run where it has none. */
  readonly loadTestName: string;
  /** The stats of each endpoint. */
  readonly endpoints: readonly EndpointRow[];
  /** The address of the run's page; absent where the server does not know its own. */
  readonly url?: string | undefined;
};

/** How the run ended, in a word: Failed is never "too slow". */
const endOf = ({ status }: LoadTestRun): string =>
  status === "Failed" ? "could not run" : status.toLowerCase();

/** How a run ended, and why; of one that was to end so only why. */
export const endSentence = (run: LoadTestRun): string => {
  const why = run.statusReason?.message ?? "";
  if (run.status === "Finished") return why;
  return `The run ${run.status === "Failed" ? endOf(run) : `was ${endOf(run)}`}: ${why}`;
};

const times = (count: number, one: string, many: string): string =>
  `${count} ${count === 1 ? one : many}`;

/** Why the run has its verdict, as a sentence without its subject: `failed: 1 of 3 criteria does not hold.` */
export const verdictSentence = ({ run }: ReportedRun): string => {
  const { verdict, statusReason, criterionVerdicts = [] } = run;
  const deciding = criterionVerdicts.filter(({ severity }) => severity === "fail");
  const count = (of: CriterionVerdict["verdict"]): number =>
    deciding.filter((one) => one.verdict === of).length;
  const criteria = deciding.length === 1 ? "criterion" : "criteria";
  switch (verdict) {
    case "failed": {
      const failed = count("failed");
      return `failed: ${failed} of ${deciding.length} ${criteria} ${failed === 1 ? "does" : "do"} not hold.`;
    }
    case "inconclusive":
      if (deciding.length === 0) return "inconclusive: nothing could be judged.";
      return `inconclusive: ${count("inconclusive")} of ${deciding.length} ${criteria} cannot be decided.`;
    case "passed": {
      if (deciding.length === 0) return "passed: no criterion of severity fail.";
      const all =
        deciding.length === 1 ? "its criterion holds" : `all ${deciding.length} criteria hold`;
      return `passed: ${all}.`;
    }
    case "none":
      return `${endOf(run)}: ${statusReason?.message ?? "no criteria."}`;
  }
};

/** `412.3 ms, limit 300 ms, 48120 requests`; what is unknown is left out. */
const observedText = ({ observed, limit, unit, requests, baseline }: CriterionVerdict): string =>
  [
    ...(observed === null ? [] : [`observed ${formatFigure(observed, unit, limit)}`]),
    ...(limit === null ? [] : [`limit ${formatFigure(limit, unit)}`]),
    ...(baseline === undefined ? [] : [formatBaseline(baseline, unit)]),
    ...(requests === null ? [] : [times(requests, "request", "requests")]),
  ].join(", ");

/** What was seen of a criterion, as lines; the first one says it all in short. */
export const criterionLines = (one: CriterionVerdict): string[] => {
  const { expression, verdict, reason, close, firstViolation, worstWindow, windows, unit } = one;
  const held = { passed: "holds", failed: "does not hold", inconclusive: "cannot be decided" };
  const seen = observedText(one);
  const why = reason === undefined ? "" : ` (${reason.code}): ${reason.message.replace(/\.$/, "")}`;
  const window = (from: number, to: number): string =>
    `${new Date(from).toISOString()} to ${new Date(to).toISOString()}`;
  const figure = (observed: number | null): string =>
    observed === null ? "" : `: ${formatFigure(observed, unit, one.limit)}`;
  return [
    `${expression} ${held[verdict]}${why}${seen === "" ? "" : ` (${seen})`}.`,
    ...(reason?.requestsNeeded === undefined
      ? []
      : [`${reason.requestsNeeded} requests decide it for certain.`]),
    ...(close === true ? ["The figure is close to the limit: another run may end otherwise."] : []),
    ...(windows === undefined
      ? []
      : [`${windows.violated} of ${windows.decided} windows violate it.`]),
    ...(firstViolation === undefined
      ? []
      : [
          `First violated from ${window(firstViolation.from, firstViolation.to)}${figure(firstViolation.observed)}.`,
        ]),
    ...(worstWindow === undefined
      ? []
      : [
          `Worst window from ${window(worstWindow.from, worstWindow.to)}${figure(worstWindow.observed)}.`,
        ]),
  ];
};

/** How long the load lasted, in seconds; `undefined` where there was none. */
export const loadSeconds = ({ loadStartedAt, loadEndedAt }: LoadTestRun): number | undefined =>
  loadStartedAt === undefined || loadEndedAt === undefined
    ? undefined
    : Math.max(0, loadEndedAt - loadStartedAt) / 1000;
