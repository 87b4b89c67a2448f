import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { client } from "../../api/client.ts";
import { checkedScript, type ScriptFiles } from "../../api/script-files.ts";
import type { ScriptEdit } from "./script-edit.ts";

const SLOW_MS = 10_000;
const MOST = 200;

export const revisionsQuery = (loadTestId: string) =>
  queryOptions({
    queryKey: ["script", loadTestId, "revisions"],
    queryFn: ({ signal }) =>
      client.listScriptRevisions({ params: { loadTestId }, query: { limit: MOST }, signal }),
    refetchInterval: SLOW_MS,
  });

/** A revision never changes. */
export const revisionQuery = (loadTestId: string, revisionId: string) =>
  queryOptions({
    queryKey: ["script", loadTestId, revisionId],
    queryFn: ({ signal }) =>
      client.getScriptRevision({ params: { loadTestId, revisionId }, signal }),
    staleTime: Infinity,
  });

/** Whether the script that an edit makes of its revision compiles. */
export const scriptCheckQuery = (
  loadTestId: string,
  { baseId, changes }: ScriptEdit,
  script: ScriptFiles,
) =>
  queryOptions({
    queryKey: ["scriptCheck", loadTestId, baseId, [...changes]],
    queryFn: ({ signal }) => client.checkScript({ body: checkedScript(script), signal }),
    staleTime: Infinity,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
  });
