import { Button } from "@mantine/core";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import type { RunEvent } from "@load-manager/contract/model/run.ts";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { loadTestQuery } from "../../api/queries.ts";
import { useSaveRules } from "../../components/use-save-rules.ts";
import { Failure } from "../../components/notices.tsx";
import { useMay } from "../../components/use-may.ts";
import { proposedRules } from "../../components/endpoint-rules.ts";

/** Takes the rules that an event proposes into the load test of the run. */
export const GroupButton = ({
  event,
  run,
}: {
  readonly event: RunEvent;
  readonly run: RunAnswer & { readonly loadTestId: string };
}): ReactNode => {
  const { data: loadTest } = useQuery(loadTestQuery(run.loadTestId));
  const mayWrite = useMay("loadTests.write", run);
  const save = useSaveRules(loadTest);
  if (loadTest === undefined) return undefined;
  const rules = loadTest.endpointGroups ?? [];
  const added = proposedRules(event.data, rules);
  if (added.length === 0) return <span className="muted">The next runs group them.</span>;
  return (
    <>
      <Button
        size="compact-sm"
        disabled={!mayWrite}
        title={
          mayWrite
            ? "The next runs of the load test group them; this run stays as it is."
            : "This needs the role editor."
        }
        loading={save.isPending}
        onClick={() => save.mutate([...rules, ...added])}
      >
        Group them
      </Button>
      {save.error !== null && <Failure what="The rules were not saved." error={save.error} />}
    </>
  );
};
