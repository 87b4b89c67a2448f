import type { Actor } from "@load-manager/contract/model/actor.ts";
import type { LoadTest } from "@load-manager/contract/model/load-test.ts";
import { invalid } from "../lib/errors.ts";
import type { LoadTestDeps } from "./deps.ts";

type Deps = Pick<LoadTestDeps, "stores" | "writer" | "queries">;

const FIELD = "baseline.runId";

/**
 * A run that is chosen as baseline must be one of the load test that has ended, with which runs can be compared by the criteria
 * of the load test. Rejects with AppError validation.
 */
export const checkBaseline = async (
  { stores, queries }: Deps,
  { id, baseline, criteria = [] }: LoadTest,
): Promise<void> => {
  if (baseline?.kind !== "run") return;
  const run = await stores.runs.get(baseline.runId);
  if (run === undefined || run.loadTestId !== id || run.deletingAt !== undefined)
    throw invalid(FIELD, "is not a run of this load test");
  if (run.settledAt === undefined) throw invalid(FIELD, "must be a run that has ended");
  const fault = await queries.baselineFault(run, criteria);
  if (fault !== undefined)
    throw invalid(FIELD, `must be a run to compare with, and is one ${fault}`);
};

/** Protects the chosen run against deletion. Rejects with AppError validation where it is being deleted. */
export const keepBaseline = async (
  { writer }: Deps,
  { baseline }: LoadTest,
  actor: Actor,
): Promise<void> => {
  if (baseline?.kind !== "run") return;
  await writer.change(
    baseline.runId,
    ({ deletingAt, keep }) => {
      if (deletingAt !== undefined) throw invalid(FIELD, "is not a run of this load test");
      return keep ? undefined : { keep: true };
    },
    actor,
  );
};
