import { ProblemError } from "@load-manager/contract/api/http-client.ts";
import { QueryClient } from "@tanstack/react-query";

const MOST_TRIES = 2;

/** What the server refuses, it refuses again; what did not reach it may. */
const mayTryAgain = (failures: number, error: unknown): boolean =>
  failures < MOST_TRIES && !(error instanceof ProblemError && error.status < 500);

export const queryClient = new QueryClient({
  defaultOptions: { queries: { retry: mayTryAgain, staleTime: 1000, networkMode: "always" } },
});

/** What a run has measured is asked for again by what keeps it live; a chart that appears later needs no second answer. */
queryClient.setQueryDefaults(["metrics"], { staleTime: 10_000 });
