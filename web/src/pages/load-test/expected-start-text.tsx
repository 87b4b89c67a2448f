import type { ClusterAnswer } from "@load-manager/contract/api/cluster.ts";
import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { scopeOf } from "@load-manager/contract/model/scope.ts";
import { useQueries, useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { clustersQuery, runQueryOf, runsQuery } from "../../api/queries.ts";
import { TimeText } from "../../components/time-text.tsx";
import { useNow } from "../../components/use-now.ts";
import { choiceOf, wouldWait } from "../../api/cluster-choice.ts";
import { expectedStart } from "./expected-start.ts";

const lengthOf = ({ durationSeconds, maxDurationSec }: RunAnswer): number | undefined =>
  durationSeconds ?? maxDurationSec;

const endOf = (run: RunAnswer | undefined): number | undefined => {
  const seconds = run && lengthOf(run);
  if (run === undefined || seconds === undefined) return undefined;
  return (run.loadStartedAt ?? run.startedAt ?? run.createdAt) + seconds * 1000;
};

const AfterOthers = ({ cluster }: { readonly cluster: ClusterAnswer }): ReactNode => {
  const { id, holders, maxConcurrentRuns, queueLength } = cluster;
  const held = useQueries({ queries: holders.map(({ runId }) => runQueryOf(runId)) });
  const { data: pending } = useQuery(runsQuery({}, { status: ["Pending"], limit: 200 }));
  const now = useNow(true);
  const waiting = (pending?.items ?? []).filter(({ locustClusterId }) => locustClusterId === id);
  // Runs that the caller may not see can hold a slot or wait too.
  const isAllSeen = waiting.length >= queueLength && holders.length >= maxConcurrentRuns;
  const start = isAllSeen
    ? expectedStart(
        maxConcurrentRuns,
        held.map(({ data }) => endOf(data)),
        waiting.map(lengthOf),
        now,
      )
    : undefined;
  if (start === undefined) return "not known: it waits for a run without a known end";
  return (
    <>
      at <TimeText ms={start} /> at the latest
    </>
  );
};

/** When a run that is started now would begin; nothing where it would be refused. */
export const ExpectedStartText = ({
  loadTest,
}: {
  readonly loadTest: LoadTestAnswer;
}): ReactNode => {
  const { data } = useQuery(clustersQuery(scopeOf(loadTest)));
  const choice = data && choiceOf(loadTest, data.items);
  if (choice?.kind !== "one") return "–";
  const { cluster } = choice;
  if (wouldWait(cluster)) return <AfterOthers cluster={cluster} />;
  return cluster.state === "idle" ? "at once" : "when the cluster answers";
};
