import { EXIT_CODES, type ExitCode } from "@load-manager/contract/model/exit-codes.ts";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";

/** The verdicts that make a command fail. */
export const FAILING = ["failed", "inconclusive"] as const;
export type Failing = (typeof FAILING)[number];

/**
 * The exit code of a command that has waited for a run. A failed verdict says more than how the run ended: it is why a
 * criterion stopped it.
 */
export const exitCodeOfRun = (
  { status, statusReason, verdict }: Pick<RunAnswer, "status" | "statusReason" | "verdict">,
  failOn: readonly Failing[],
): ExitCode => {
  const isFailing = (one: Failing): boolean => verdict === one && failOn.includes(one);
  if (isFailing("failed")) return EXIT_CODES.failed;
  if (status === "Failed") return EXIT_CODES.couldNotRun;
  if (status === "Stopped") {
    return statusReason?.code === "expired" ? EXIT_CODES.queueTimeout : EXIT_CODES.stopped;
  }
  return isFailing("inconclusive") ? EXIT_CODES.inconclusive : EXIT_CODES.passed;
};

/** A failed verdict says most; then what kept a run from being judged, then a doubt. */
const WORST_FIRST = [
  EXIT_CODES.failed,
  EXIT_CODES.couldNotRun,
  EXIT_CODES.queueTimeout,
  EXIT_CODES.stopped,
  EXIT_CODES.inconclusive,
] as const;

/** The worst exit code of several runs. A group of which some were not run, since somebody interrupted it, was stopped; `wanted`: how many there should be. */
export const exitCodeOfRuns = (
  runs: readonly Parameters<typeof exitCodeOfRun>[0][],
  failOn: readonly Failing[],
  wanted = 1,
): ExitCode => {
  const isInterrupted = runs.length > 0 && runs.length < wanted;
  const codes: ExitCode[] = runs.map((run) => exitCodeOfRun(run, failOn));
  if (isInterrupted) codes.push(EXIT_CODES.stopped);
  return WORST_FIRST.find((code) => codes.includes(code)) ?? EXIT_CODES.passed;
};
