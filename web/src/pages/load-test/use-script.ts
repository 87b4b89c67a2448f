import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import { useDebouncedValue } from "@mantine/hooks";
import { type QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { client } from "../../api/client.ts";
import { isStale } from "../../api/form-errors.ts";
import { loadTestQuery } from "../../api/queries.ts";
import { revisionQuery, revisionsQuery, scriptCheckQuery } from "./load-test-queries.ts";
import { editAfter, editAfterSave, type ScriptEdit, textOfRevision } from "./script-edit.ts";

const PAUSE_MS = 500;
const MOST_TRIES = 3;

type Save = {
  readonly baseId: string | undefined;
  readonly text: string;
  readonly description: string;
};

/**
 * Saves a text as a new revision. The version guards against another revision; where only the settings were changed
 * meanwhile, nothing of the script is lost, and it is saved on top of them.
 */
const saveRevision = async (
  queries: QueryClient,
  loadTest: LoadTestAnswer,
  { baseId, text, description }: Save,
) => {
  // What this tab has saved just now may not be known to the form yet, but is being asked for.
  const known = await queries.fetchQuery({ ...loadTestQuery(loadTest.id), staleTime: Infinity });
  let { version } = known.latestRevision?.id === baseId ? known : loadTest;
  for (let tries = 1; ; tries += 1) {
    try {
      return await client.saveScript({
        params: { loadTestId: loadTest.id },
        body: {
          content: text,
          ...(description.trim() === "" ? {} : { description: description.trim() }),
        },
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

/** The script of a load test, and what somebody makes of it. */
export const useScript = (loadTest: LoadTestAnswer) => {
  const latestId = loadTest.latestRevision?.id;
  const [edit, setEdit] = useState<ScriptEdit | undefined>(undefined);
  const baseId = edit === undefined ? latestId : edit.baseId;
  const revision = useQuery({
    ...revisionQuery(loadTest.id, baseId ?? ""),
    enabled: baseId !== undefined,
  });
  const baseText = revision.data === undefined ? "" : textOfRevision(revision.data);
  const text = edit?.text ?? baseText;
  const [paused] = useDebouncedValue(edit?.text, PAUSE_MS);
  const check = useQuery({ ...scriptCheckQuery(paused ?? ""), enabled: paused !== undefined });
  const save = useSaveRevision(loadTest);
  return {
    edit,
    revision,
    baseText,
    text,
    /** Of the text as it was at the last pause; absent while nothing is edited. */
    check: edit === undefined ? undefined : check.data,
    isChecking: edit !== undefined && (paused !== edit.text || check.isFetching),
    checkError: edit === undefined ? null : check.error,
    change: (now: string) => setEdit((before) => editAfter(before, latestId, baseText, now)),
    discard: () => setEdit(undefined),
    /** Puts the edit on top of the newest revision, which it then replaces. */
    rebase: () => setEdit((before) => before && { ...before, baseId: latestId }),
    begin: (now: string) => setEdit({ baseId: latestId, text: now }),
    save,
    saveAs: (description: string, onSaved: () => void) =>
      save.mutate(
        { baseId, text, description },
        {
          onSuccess: (saved) => {
            setEdit((before) => editAfterSave(before, { id: saved.id, text }));
            onSaved();
          },
        },
      ),
  };
};
export type Script = ReturnType<typeof useScript>;
