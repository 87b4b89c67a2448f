import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { processesQuery } from "./run-queries.ts";

type Process = { readonly id: string; readonly role: "master" | "worker" };

/**
 * The name of each process by its id: `master`, and `worker 1` and so on in the order of their ids, which are long and say
 * little. `processes`: all of the run, so that a worker has one number whatever window is shown.
 */
export const processNames = (processes: readonly Process[]): ReadonlyMap<string, string> => {
  const workers = processes.filter(({ role }) => role === "worker").map(({ id }) => id);
  const numbered = workers
    .toSorted((one, other) => (one < other ? -1 : 1))
    .map((id, index) => [id, `worker ${index + 1}`] as const);
  return new Map([
    ...numbered,
    ...processes.flatMap(({ id, role }) => (role === "master" ? [[id, "master"] as const] : [])),
  ]);
};

/** The names of all processes of the run; none until they are known. */
export const useNamesById = (runId: string, hasLoad = true): ReadonlyMap<string, string> => {
  const { data } = useQuery({ ...processesQuery(runId, "whole", {}), enabled: hasLoad });
  return useMemo(() => processNames(data?.processes ?? []), [data]);
};

/** What a process of the run is called; until all of them are known, its id. */
export const useProcessNames = (runId: string, hasLoad = true): ((id: string) => string) => {
  const names = useNamesById(runId, hasLoad);
  return useCallback((id) => names.get(id) ?? id, [names]);
};
