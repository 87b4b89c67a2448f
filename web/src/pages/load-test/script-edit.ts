import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";

type Revision = {
  readonly entrypoint: string;
  readonly files: readonly { readonly path: string; readonly content: string }[];
};
/** A text that is not saved, and the revision that it began with; none where the load test had no script. */
export type ScriptEdit = { readonly baseId: string | undefined; readonly text: string };

/** The text of the file that Locust runs. */
export const textOfRevision = ({ files, entrypoint }: Revision): string =>
  (files.find(({ path }) => path === entrypoint) ?? files[0])?.content ?? "";

/** An edit after a key: nothing where the text is again that of its revision. */
export const editAfter = (
  before: ScriptEdit | undefined,
  latestId: string | undefined,
  baseText: string,
  text: string,
): ScriptEdit | undefined => {
  const baseId = before === undefined ? latestId : before.baseId;
  return baseId !== undefined && text === baseText ? undefined : { baseId, text };
};

/** An edit after its text was saved as a revision; what was typed meanwhile stays, on top of it. */
export const editAfterSave = (
  before: ScriptEdit | undefined,
  saved: { readonly id: string; readonly text: string },
): ScriptEdit | undefined =>
  before === undefined || before.text === saved.text
    ? undefined
    : { baseId: saved.id, text: before.text };

/** Whether somebody else has saved a revision since the edit began. */
export const isOvertaken = (edit: ScriptEdit | undefined, { latestRevision }: LoadTestAnswer) =>
  edit !== undefined && edit.baseId !== latestRevision?.id;
