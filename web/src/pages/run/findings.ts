import type { Finding } from "@load-manager/contract/api/findings.ts";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { count, text, responseTime } from "../../format/numbers.ts";
import { duration } from "../../format/times.ts";

/** A finding in words: what was found, and what it means and helps. */
export type FindingText = { readonly what: string; readonly meaning: string };

const listOf = (names: readonly string[]): string =>
  names.length > 2
    ? `${names.slice(0, 2).join(", ")} and ${names.length - 2} more`
    : names.join(" and ");

/** The sentences of the diagnosis line. `nameOf`: what a process is called, by its id. `offset`: clock differences are given as whole ms. */
export const textOfFinding = (finding: Finding, nameOf: (id: string) => string): FindingText => {
  switch (finding.code) {
    case "generator_saturated": {
      const { processes } = finding.data;
      const most = Math.round(Math.max(0, ...processes.map(({ cpuPercent }) => cpuPercent)));
      const ids = listOf(processes.map(({ id }) => nameOf(id)));
      return {
        what: `${ids} ${processes.length === 1 ? "is" : "are"} at ${most} % of a CPU core.`,
        meaning:
          "Locust may be the bottleneck: response times in the hatched part may be its own, not the target’s. Use more workers or FastHttpUser, or lower the users.",
      };
    }
    case "users_below_target":
      return {
        what: `${count(finding.data.users)} of ${count(finding.data.targetUsers)} users run.`,
        meaning:
          "The run makes less load than it should. Look for exceptions of the script, lost workers and slow on_start.",
      };
    case "workers_lost":
      return {
        what:
          finding.data.workers.length === 0
            ? `${finding.data.lost} workers were lost.`
            : `${listOf(finding.data.workers.map(nameOf))} ${finding.data.lost === 1 ? "was" : "were"} lost.`,
        meaning: "Their users, and what they had not reported yet, are missing in the figures.",
      };
    case "gap":
      return {
        what: `${duration(finding.data.seconds * 1000)} have no metrics.`,
        meaning: "They are hatched in the charts, and nothing is guessed for them.",
      };
    case "incomplete": {
      const { untimedRequests } = finding.data;
      return untimedRequests === null || untimedRequests === 0
        ? {
            what: "Not all metrics have arrived.",
            meaning: "The totals may be too low.",
          }
        : {
            what: `${count(untimedRequests)} requests are known only as totals.`,
            meaning: "They are in the totals, and in no second, window or chart.",
          };
    }
    case "clock_offset": {
      const { process, offsetMs, against } = finding.data;
      return {
        what: `The clock of ${nameOf(process)} is ${text(responseTime(Math.abs(offsetMs)))} ${offsetMs > 0 ? "ahead of" : "behind"} the ${against}’s.`,
        meaning: "Its seconds are shown where its clock puts them. Let NTP set the clock.",
      };
    }
  }
};

/** Seconds since load start. */
export type Stretch = readonly [number, number];

/** A chart of a shorter time has too few points. */
const SHORTEST_SECONDS = 10;

/** The time of a finding, with a little before and after it; `undefined` where that is the whole run. */
export const stretchOf = (
  { since, until }: Pick<Finding, "since" | "until">,
  run: Pick<RunAnswer, "loadStartedAt" | "loadEndedAt">,
  now: number,
): Stretch | undefined => {
  const { loadStartedAt, loadEndedAt } = run;
  if (loadStartedAt === undefined) return undefined;
  const at = (time: number): number => (time - loadStartedAt) / 1000;
  const end = at(loadEndedAt ?? now);
  const [from, to] = [Math.max(0, at(since)), Math.min(end, at(until ?? now))];
  const around = Math.max((to - from) * 0.1, (SHORTEST_SECONDS - (to - from)) / 2);
  const stretch = [Math.max(0, from - around), Math.min(end, to + around)] as const;
  const isPart = stretch[0] > 0 || stretch[1] < end;
  return from < end && isPart ? stretch : undefined;
};
