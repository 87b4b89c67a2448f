import type { Actor } from "@load-manager/contract/model/actor.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { UpdateRun } from "@load-manager/contract/api/run.ts";
import { AppError, stale } from "../../lib/errors.ts";
import type { RunWriter } from "../journal/run-writer.ts";

/** Edits name, notes, tags and keep. Rejects with AppError stale where `ifMatch` is another version. */
export const updateRun = async (
  deps: { readonly writer: RunWriter },
  run: LoadTestRun,
  input: UpdateRun,
  ifMatch: number | undefined,
  actor: Actor,
): Promise<LoadTestRun> => {
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
