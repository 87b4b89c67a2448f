import type { Baseline } from "@load-manager/contract/model/baseline.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { differencesOf, unsoundness } from "../../runs/domain/criteria/comparable.ts";
import { couldNotRun } from "../../runs/domain/criteria/run-verdict.ts";
import { EVERYTHING } from "../../stores/model/collection.ts";
import type { RunReader } from "../../stores/model/load-test-run.ts";
import type { Situation } from "./criteria-whole.ts";
import type { Situations } from "./criterion-judge.ts";

/** A run that others can be compared with. */
export type Compared = { readonly situation: Situation };

/** The runs that a run is compared with. */
export type ComparableRuns = {
  /** Those that its baseline is made of, the newest first. */
  readonly runs: readonly Compared[];
  /** Those that show how figures vary from run to run. */
  readonly noise: readonly Compared[];
  /** Why others are not among them, in words. */
  readonly faults: readonly string[];
  /** What the one run that was chosen is called, where that is so. */
  readonly pinned?: string;
};

/** Older runs are not looked at. */
const MOST_LOOKED_AT = 100;
/** The runs that show the noise beside one that was chosen. */
const NOISE_RUNS = 8;

const isThere = ({ settledAt, deletingAt }: LoadTestRun): boolean =>
  settledAt !== undefined && deletingAt === undefined;

/** The runs that a verdict was made with, where the run has one. */
const frozenIdsOf = ({ criterionVerdicts = [] }: LoadTestRun): string[] | undefined => {
  const baselines = criterionVerdicts.flatMap(({ baseline }) => baseline ?? []);
  if (baselines.length === 0) return undefined;
  return [...new Set(baselines.flatMap(({ noise }) => noise.runIds))];
};

/** Finds the runs that a run is compared with: those of the same load test that were over when its load began. */
export const createComparableRuns = (
  runs: Pick<RunReader, "get" | "list">,
  situate: Situations,
) => {
  /** Why nothing can be compared with a run that has ended, in words. */
  const check = async (run: LoadTestRun): Promise<Compared | string> => {
    const { situation, summary } = await situate(run);
    const { fromMs, toMs } = situation.loadTime;
    const doubts = situation.doubtsOf({ kind: "run", fromMs, toMs, isBeyondLoad: false });
    const { isCutShort, isSaturated, isLoadNotReached } = doubts;
    const isComplete = summary.complete;
    const isFailed = couldNotRun(run) || toMs <= fromMs;
    const of = { couldNotRun: isFailed, isCutShort, isComplete, isSaturated, isLoadNotReached };
    return unsoundness(of) ?? { situation };
  };

  const compared = async (other: LoadTestRun, run: LoadTestRun): Promise<Compared | string> => {
    const differences = differencesOf(other, run);
    return differences.length > 0 ? differences.join(" and ") : check(other);
  };

  const earlierRuns = async (run: LoadTestRun): Promise<LoadTestRun[]> => {
    const { loadTestId, createdAt } = run;
    if (loadTestId === undefined) return [];
    const query = {
      loadTestId,
      to: createdAt + 1,
      sort: "-createdAt",
      limit: MOST_LOOKED_AT,
    } as const;
    const { items } = await runs.list(query, EVERYTHING);
    const begun = run.startedAt ?? createdAt;
    const isOver = ({ finishedAt = Number.POSITIVE_INFINITY }: LoadTestRun): boolean =>
      finishedAt <= begun;
    return items.filter((one) => one.id !== run.id && isThere(one) && isOver(one));
  };

  const newest = async (run: LoadTestRun, most: number) => {
    const frozen = frozenIdsOf(run);
    const found: Compared[] = [];
    const faults: string[] = [];
    const candidates =
      frozen === undefined
        ? await earlierRuns(run)
        : await Promise.all(frozen.map((id) => runs.get(id)));
    for (const other of candidates) {
      if (found.length === most) break;
      if (other === undefined || !isThere(other)) {
        faults.push("since deleted");
        continue;
      }
      const one = await compared(other, run);
      if (typeof one === "string") faults.push(one);
      else found.push(one);
    }
    return { found, faults };
  };

  return {
    check,
    of: async (run: LoadTestRun, baseline: Baseline): Promise<ComparableRuns> => {
      if (baseline.kind === "rolling") {
        const { found, faults } = await newest(run, baseline.runs);
        return { runs: found, noise: found, faults };
      }
      const other = await runs.get(baseline.runId);
      const pinned = other?.runNumber === undefined ? baseline.runId : `#${other.runNumber}`;
      const isDeleted = other === undefined || !isThere(other);
      const one = isDeleted ? "that has been deleted" : await compared(other, run);
      if (typeof one === "string") return { runs: [], noise: [], faults: [one], pinned };
      return { runs: [one], noise: (await newest(run, NOISE_RUNS)).found, faults: [], pinned };
    },
  };
};
