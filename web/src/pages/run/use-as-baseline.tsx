import { Menu } from "@mantine/core";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { client } from "../../api/client.ts";
import { loadTestQuery, runQueryOf } from "../../api/queries.ts";
import { useMay } from "../../components/use-may.ts";

type Props = {
  readonly run: RunAnswer;
  readonly loadTestId: string;
  readonly onError: (error: Error | null) => void;
};

/** Makes a run that has ended what the later runs of its load test are compared with. */
export const UseAsBaseline = ({ run, loadTestId, onError }: Props): ReactNode => {
  const queries = useQueryClient();
  const { data: loadTest } = useQuery(loadTestQuery(loadTestId));
  const mayWrite = useMay("loadTests.write", run);
  const choose = useMutation({
    mutationFn: () =>
      client.updateLoadTest({
        params: { loadTestId },
        body: { baseline: { kind: "run", runId: run.id } },
      }),
    onMutate: () => onError(null),
    onError,
    onSuccess: (saved) => {
      queries.setQueryData(loadTestQuery(loadTestId).queryKey, saved);
      // It has become one that is kept.
      void queries.invalidateQueries(runQueryOf(run.id));
    },
  });
  const { baseline } = loadTest ?? {};
  const isBaseline = baseline?.kind === "run" && baseline.runId === run.id;
  const words = isBaseline ? "It is the baseline of its load test" : "Use as baseline";
  return (
    <Menu.Item
      disabled={!mayWrite || isBaseline || loadTest === undefined}
      onClick={() => choose.mutate()}
      closeMenuOnClick={false}
    >
      {mayWrite ? words : "Use as baseline (needs the role editor)"}
    </Menu.Item>
  );
};
