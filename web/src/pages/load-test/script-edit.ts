import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import {
  type Changes,
  changesBetween,
  isSame,
  type ScriptFile,
  type ScriptFiles,
  scriptAfter,
} from "../../api/script-files.ts";

/**
 * Changes that are not saved, and the revision that they began with; none where the load test had no script. Every file
 * that they do not name stays as it is in the revision.
 */
export type ScriptEdit = { readonly baseId: string | undefined; readonly changes: Changes };

/** An edit in which a file becomes another, or is deleted: nothing where everything is again as in its revision. */
export const editAfter = (
  before: ScriptEdit | undefined,
  latestId: string | undefined,
  base: ScriptFiles,
  path: string,
  file: ScriptFile | undefined,
): ScriptEdit | undefined => {
  const { baseId, changes: made } = before ?? { baseId: latestId, changes: new Map() };
  const changes = new Map(made);
  const isBack = isSame(
    base.files.find((one) => one.path === path),
    file,
  );
  if (isBack) changes.delete(path);
  else changes.set(path, file);
  return baseId !== undefined && changes.size === 0 ? undefined : { baseId, changes };
};

/** An edit after its script was saved as a revision; what was changed meanwhile stays, on top of it. */
export const editAfterSave = (
  before: ScriptEdit | undefined,
  base: ScriptFiles,
  saved: { readonly id: string; readonly files: readonly ScriptFile[] },
): ScriptEdit | undefined => {
  if (before === undefined) return undefined;
  const changes = changesBetween(saved.files, scriptAfter(base, before.changes).files);
  return changes.size === 0 ? undefined : { baseId: saved.id, changes };
};

/** Whether somebody else has saved a revision since the edit began. */
export const isOvertaken = (edit: ScriptEdit | undefined, { latestRevision }: LoadTestAnswer) =>
  edit !== undefined && edit.baseId !== latestRevision?.id;
