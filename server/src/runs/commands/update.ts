import type { Actor } from "@load-manager/contract/model/actor.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { UpdateRun } from "@load-manager/contract/api/run.ts";
import { AppError, stale } from "../../lib/errors.ts";
import type { LoadTestStore } from "../../stores/model/load-test.ts";
import type { RunWriter } from "../journal/run-writer.ts";

/** The run that a load test compares its runs with stays. */
const assertNoBaseline = async (
  loadTests: Pick<LoadTestStore, "get">,
  { id, loadTestId }: LoadTestRun,
): Promise<void> => {
  const loadTest = loadTestId === undefined ? undefined : await loadTests.get(loadTestId);
  if (loadTest?.baseline?.kind !== "run" || loadTest.baseline.runId !== id) return;
  throw new AppError(
    "conflict",
    "The run is the baseline of its load test; choose another baseline first.",
  );
};

/**
 * Edits name, notes, tags and keep. Rejects with AppError stale where `ifMatch` is another version, and conflict where the
 * baseline of a load test would lose its keep.
 */
export const updateRun = async (
  deps: { readonly writer: RunWriter; readonly loadTests: Pick<LoadTestStore, "get"> },
  run: LoadTestRun,
  input: UpdateRun,
  ifMatch: number | undefined,
  actor: Actor,
): Promise<LoadTestRun> => {
  if (input.keep === false) await assertNoBaseline(deps.loadTests, run);
  return deps.writer.change(
    run.id,
    (current) => {
      if (current.deletingAt !== undefined) {
        throw new AppError("conflict", "The run is being deleted.");
      }
      if (ifMatch !== undefined && ifMatch !== current.version) throw stale("run", run.id);
      return input;
    },
    actor,
  );
};
