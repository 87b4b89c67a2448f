import type { ChangeEvent } from "@load-manager/contract/api/stream.ts";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { useDocumentVisibility } from "@mantine/hooks";
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { client, connection } from "../api/client.ts";
import { liveKey } from "../api/live-keys.ts";
import { isEnded, runQueryOf } from "../api/queries.ts";
import { inSlot } from "./slots.ts";

const SECOND_MS = 1000;
const SLOW_SECONDS = 5;

/** The keys of what each kind of hint is about. */
const LISTS: Readonly<Record<string, readonly string[]>> = {
  run: ["runs", "loadTests", "loadTest"],
  loadTest: ["loadTests", "loadTest", "scopes"],
  cluster: ["clusters"],
  many: ["runs", "loadTests", "loadTest", "clusters", "scopes", "run"],
};

const isOver = (run: RunAnswer | undefined): boolean =>
  run !== undefined && isEnded(run) && run.settledAt !== undefined;

/** Has the server asked again for what is shown and has changed. */
const refresher = (queries: QueryClient, runId: string | undefined) => {
  const again = (key: readonly unknown[]): void =>
    void queries.invalidateQueries({ queryKey: key }, { cancelRefetch: false });
  let seconds = 0;
  return {
    second: (): void => {
      if (runId === undefined) return;
      seconds += 1;
      again(liveKey(runId, "fast"));
      if (seconds % SLOW_SECONDS === 0) again(liveKey(runId, "slow"));
    },
    run: (hasEnded: boolean): void => {
      if (runId === undefined) return;
      // A run that was over when it was asked for has changed no more.
      const isKnown = isOver(queries.getQueryData(runQueryOf(runId).queryKey));
      again(["run", runId]);
      if (hasEnded && !isKnown) again(["metrics", runId]);
    },
    lists: (kind: string): void => {
      for (const key of LISTS[kind] ?? []) again([key]);
    },
  };
};

const take = (event: ChangeEvent, refresh: ReturnType<typeof refresher>): void => {
  if (event.type === "hint") refresh.lists(event.data.kind);
  else if (event.type === "sample") refresh.second();
  else refresh.run(event.type === "end");
};

/**
 * Keeps what a tab shows up to date, while it is seen: by one stream of the server, and while other tabs have the streams by a
 * clock. What is shown is always an answer of the server, never put together from events, so that after a lost connection
 * nothing is missing or there twice.
 */
export const useLive = (runId: string | undefined): void => {
  const queries = useQueryClient();
  const isSeen = useDocumentVisibility() === "visible";
  useEffect(() => {
    if (!isSeen) return undefined;
    const abort = new AbortController();
    const refresh = refresher(queries, runId);
    let isStreaming = false;
    const follow = async (): Promise<void> => {
      isStreaming = true;
      const query = runId === undefined ? {} : { run: runId };
      try {
        const stream = client.streamChanges({ query, signal: abort.signal });
        for await (const event of stream) take(event, refresh);
      } catch {
        // The clock goes on, and the banner says where the server is away.
      } finally {
        isStreaming = false;
      }
    };
    void inSlot(abort.signal, follow);
    // What was missed meanwhile, also where the stream comes back later.
    const endHealing = connection.subscribe(() => {
      if (!connection.isLost()) void queries.invalidateQueries();
    });
    const clock = setInterval(() => {
      if (isStreaming || runId === undefined) return;
      if (!isOver(queries.getQueryData(runQueryOf(runId).queryKey))) refresh.second();
    }, SECOND_MS);
    return () => {
      abort.abort();
      endHealing();
      clearInterval(clock);
    };
  }, [queries, runId, isSeen]);
};
