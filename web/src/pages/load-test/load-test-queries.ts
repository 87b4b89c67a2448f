import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { client } from "../../api/client.ts";

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

/** Whether a text compiles. */
export const scriptCheckQuery = (content: string) =>
  queryOptions({
    queryKey: ["scriptCheck", content],
    queryFn: ({ signal }) => client.checkScript({ body: { content }, signal }),
    staleTime: Infinity,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
  });
