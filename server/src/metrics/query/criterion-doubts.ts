import type { Finding } from "@load-manager/contract/api/findings.ts";
import type { Window } from "@load-manager/contract/criteria/expression.ts";
import type { RunSummary } from "@load-manager/contract/model/stats.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Doubts } from "../../runs/domain/criteria/figures.ts";
import { couldNotRun, isCutShort } from "../../runs/domain/criteria/run-verdict.ts";
import { isComplete, type RunAggregate } from "../live/run-aggregate.ts";
import { untimedRequests } from "./seconds.ts";
import type { Stretch } from "./spells.ts";

/** A load with fewer users than this share of those commanded has not been reached. */
const REACHED_SHARE = 0.9;
/** A lost worker has reported what it counted up to so long ago. */
const UNREPORTED_SECONDS = 5;

/** The window of a criterion in a run. */
export type WindowInRun = Stretch & {
  readonly kind: Window["kind"];
  /** Whether the load ended before the window did. */
  readonly isBeyondLoad: boolean;
};

const overlapMs = ({ fromMs, toMs }: Stretch, { since, until }: Finding): number =>
  Math.min(toMs, until ?? toMs) - Math.max(fromMs, since);

const isNotReached = (finding: Finding): boolean =>
  finding.code === "users_below_target" &&
  finding.data.users < REACHED_SHARE * finding.data.targetUsers;

/** Requests that are in no second, and could be in the window; infinitely many where nobody knows how many. */
const lostRequestsOf = (
  runAggregate: RunAggregate,
  { complete, gaps }: Pick<RunSummary, "complete" | "gaps">,
  kind: Window["kind"],
): number => {
  if (complete) return 0;
  const untimed = untimedRequests(runAggregate);
  // Those of the whole run count in its totals.
  if (untimed > 0 && isComplete(runAggregate)) return kind === "run" ? 0 : untimed;
  return gaps.length === 0 ? Number.POSITIVE_INFINITY : 0;
};

/** What makes the figures of a window doubtful: the findings of the run's summary, and how the run ended. */
export const createDoubtsOf = (
  run: LoadTestRun,
  input: {
    readonly findings: readonly Finding[];
    readonly summary: Pick<RunSummary, "complete" | "gaps">;
    readonly runAggregate: RunAggregate;
    readonly loadTime: Stretch;
  },
): ((window: WindowInRun) => Doubts) => {
  const { findings, summary, runAggregate, loadTime } = input;
  const isRunCut = isCutShort(run, loadTime.toMs - loadTime.fromMs);
  const isTotalsOnly = ({ since }: Finding): boolean =>
    untimedRequests(runAggregate) > 0 && since >= (runAggregate.lastSecond + 1) * 1000;
  return (window) => {
    const { kind } = window;
    const inWindow = findings.filter((finding) => overlapMs(window, finding) > 0);
    const lostMs = inWindow.reduce((sum, finding) => {
      if (finding.code === "workers_lost") return sum + UNREPORTED_SECONDS * 1000;
      const isCounted = finding.code === "gap" && !(kind === "run" && isTotalsOnly(finding));
      return sum + (isCounted ? overlapMs(window, finding) : 0);
    }, 0);
    return {
      couldNotRun: couldNotRun(run),
      isSaturated: inWindow.some(({ code }) => code === "generator_saturated"),
      isLoadNotReached: inWindow.some(isNotReached),
      // What lies before the end of the load is whole, however that ended.
      isCutShort: window.isBeyondLoad || (kind !== "between" && kind !== "every" && isRunCut),
      lostSeconds: lostMs / 1000,
      lostRequests: lostRequestsOf(runAggregate, summary, kind),
    };
  };
};
