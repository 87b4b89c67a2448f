import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import { useDebouncedValue } from "@mantine/hooks";
import { type QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { client } from "../../api/client.ts";
import { isStale } from "../../api/form-errors.ts";
import { loadTestQuery } from "../../api/queries.ts";
import {
  NO_FILES,
  type ScriptFile,
  type ScriptFiles,
  scriptAfter,
} from "../../api/script-files.ts";
import { revisionQuery, revisionsQuery, scriptCheckQuery } from "./load-test-queries.ts";
import { type ArchivedScript, scriptRequest } from "../load-tests/script-request.ts";
import { editAfter, editAfterSave, type ScriptEdit } from "./script-edit.ts";

const PAUSE_MS = 500;
const MOST_TRIES = 3;

type Save = {
  readonly baseId: string | undefined;
  readonly script: ScriptFiles | ArchivedScript;
  readonly description: string;
};

/**
 * Saves a script as a new revision. The version guards against another revision; where only the settings were changed
 * meanwhile, nothing of the script is lost, and it is saved on top of them.
 */
const saveRevision = async (
  queries: QueryClient,
  loadTest: LoadTestAnswer,
  { baseId, script, description }: Save,
) => {
  const request = scriptRequest(script, description);
  // What this tab has saved just now may not be known to the form yet, but is being asked for.
  const known = await queries.fetchQuery({ ...loadTestQuery(loadTest.id), staleTime: Infinity });
  let { version } = known.latestRevision?.id === baseId ? known : loadTest;
  for (let tries = 1; ; tries += 1) {
    try {
      return await client.saveScript({
        params: { loadTestId: loadTest.id },
        ...request,
        ifMatch: version,
      });
    } catch (error) {
      if (!isStale(error)) throw error;
      const now = await queries.fetchQuery({ ...loadTestQuery(loadTest.id), staleTime: 0 });
      if (now.latestRevision?.id !== baseId || tries === MOST_TRIES) throw error;
      ({ version } = now);
    }
  }
};

/** For the editor and for a restore alike: afterwards everything knows the new revision. */
export const useSaveRevision = (loadTest: LoadTestAnswer) => {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (save: Save) => saveRevision(queries, loadTest, save),
    onSuccess: async (saved) => {
      queries.setQueryData(revisionQuery(loadTest.id, saved.id).queryKey, saved);
      await Promise.all([
        queries.invalidateQueries(loadTestQuery(loadTest.id)),
        queries.invalidateQueries(revisionsQuery(loadTest.id)),
      ]);
    },
  });
};

const NO_CHANGES: ScriptEdit = { baseId: undefined, changes: new Map() };

/** The script of a load test, and what somebody makes of it. */
export const useScript = (loadTest: LoadTestAnswer) => {
  const latestId = loadTest.latestRevision?.id;
  const [edit, setEdit] = useState<ScriptEdit | undefined>(undefined);
  const baseId = edit === undefined ? latestId : edit.baseId;
  const revision = useQuery({
    ...revisionQuery(loadTest.id, baseId ?? ""),
    enabled: baseId !== undefined,
  });
  /** What the edit began with; absent until it has been read. */
  const base: ScriptFiles | undefined = baseId === undefined ? NO_FILES : revision.data;
  const script = useMemo(
    () => (base === undefined ? NO_FILES : scriptAfter(base, (edit ?? NO_CHANGES).changes)),
    [base, edit],
  );
  const [paused] = useDebouncedValue(edit, PAUSE_MS);
  const check = useQuery({
    ...scriptCheckQuery(loadTest.id, paused ?? NO_CHANGES, script),
    enabled: paused !== undefined && paused === edit && base !== undefined,
  });
  const save = useSaveRevision(loadTest);
  const change = (path: string, file: ScriptFile | undefined): void =>
    setEdit((before) =>
      base === undefined ? before : editAfter(before, latestId, base, path, file),
    );
  return {
    edit,
    revision,
    base,
    script,
    /** Of the script as it was at the last pause; absent while nothing is edited. */
    check: edit === undefined ? undefined : check.data,
    isChecking: edit !== undefined && (paused !== edit || check.isFetching),
    checkError: edit === undefined ? null : check.error,
    change,
    discard: () => setEdit(undefined),
    /** Puts the edit on top of the newest revision, which it then replaces. */
    rebase: () => setEdit((before) => before && { ...before, baseId: latestId }),
    save,
    saveAs: (description: string, onSaved: () => void) => {
      // Without what it began with the other files would be lost.
      if (base === undefined) return;
      save.mutate(
        { baseId, script, description },
        {
          onSuccess: (saved) => {
            setEdit((before) =>
              before?.baseId === baseId ? editAfterSave(before, base, saved) : before,
            );
            onSaved();
          },
        },
      );
    },
  };
};
export type Script = ReturnType<typeof useScript>;
