import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { EndpointRule } from "./endpoint-rules.ts";
import { client } from "../api/client.ts";
import { isStale } from "../api/form-errors.ts";
import { loadTestQuery } from "../api/queries.ts";

/** Saves the rules for endpoints of a load test as it was read; one that was changed meanwhile is read again. */
export const useSaveRules = (loadTest: LoadTestAnswer | undefined) => {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (rules: readonly EndpointRule[]) => {
      if (loadTest === undefined) throw new Error("the load test is not known yet");
      return client.updateLoadTest({
        params: { loadTestId: loadTest.id },
        body: { endpointGroups: rules.length === 0 ? null : [...rules] },
        ifMatch: loadTest.version,
      });
    },
    onError: (error) => {
      if (isStale(error) && loadTest !== undefined)
        void queries.invalidateQueries(loadTestQuery(loadTest.id));
    },
    onSuccess: (saved) => queries.setQueryData(loadTestQuery(saved.id).queryKey, saved),
  });
};
