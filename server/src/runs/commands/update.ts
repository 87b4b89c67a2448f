import type { LoadTestRun, UpdateRun } from "@load-manager/contract/run.ts";
import { AppError } from "../../lib/errors.ts";
import type { RunWriter } from "../journal/run-writer.ts";

export const stale = (id: string): AppError =>
  new AppError("stale", `The run ${id} has changed since it was read; read it again.`);

/** Edits name, notes, tags and keep. Rejects with AppError stale where `ifMatch` is another version. */
export const updateRun = async (
  deps: { readonly writer: RunWriter },
  run: LoadTestRun,
  input: UpdateRun,
  ifMatch: number | undefined,
  by: string,
): Promise<LoadTestRun> => {
  const { updatedBy, ...fields } = input;
  return deps.writer.change(
    run.id,
    (current) => {
      if (current.deletingAt !== undefined) {
        throw new AppError("conflict", "The run is being deleted.");
      }
      if (ifMatch !== undefined && ifMatch !== current.version) throw stale(run.id);
      return fields;
    },
    updatedBy ?? by,
  );
};
