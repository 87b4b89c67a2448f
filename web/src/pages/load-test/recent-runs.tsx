import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { shortRunName } from "../../format/run-name.ts";
import { runsQuery } from "../../api/queries.ts";
import { Empty, Failure, Loading } from "../../components/notices.tsx";
import { Panel } from "../../components/panel.tsx";
import { RUN_COLUMNS } from "../runs/columns.tsx";
import { OverlayButton, useRunSelection } from "../runs/overlay.tsx";
import { RunTable } from "../runs/run-table.tsx";
import { TrendChart } from "./trend-chart.tsx";

const SHOWN = 10;
const LEAST_FOR_A_TREND = 2;
const COLUMNS = [
  RUN_COLUMNS.state,
  RUN_COLUMNS.started,
  RUN_COLUMNS.by,
  RUN_COLUMNS.users,
  RUN_COLUMNS.rate,
  RUN_COLUMNS.failed,
  RUN_COLUMNS.p95,
];

export const recentRunsQuery = (loadTestId: string) => runsQuery({}, { loadTestId, limit: SHOWN });

/** The newest runs: how they compare, and what became of each. */
export const RecentRuns = ({
  loadTest: { id: loadTestId, lastRunNumber },
}: {
  readonly loadTest: LoadTestAnswer;
}): ReactNode => {
  const runs = useQuery(recentRunsQuery(loadTestId));
  const selection = useRunSelection();
  const items = runs.data?.items ?? [];
  return (
    <Panel
      title="Recent runs"
      sub={items.length > 0 && `${items.length} newest`}
      end={
        items.length > 0 && (
          <>
            <OverlayButton runs={items} selection={selection} />
            <Link to="/runs" search={{ loadTestId }}>
              All {lastRunNumber}
            </Link>
          </>
        )
      }
    >
      {runs.error !== null && (
        <Failure
          what="The runs cannot be listed."
          error={runs.error}
          onRetry={() => void runs.refetch()}
        />
      )}
      {runs.isPending && <Loading lines={6} />}
      {runs.data !== undefined && items.length === 0 && (
        <Empty title="No run yet">
          <p>
            Its figures come live, and each further run stands beside those before it, so that a
            change shows.
          </p>
        </Empty>
      )}
      {items.length >= LEAST_FOR_A_TREND && <TrendChart runs={items} />}
      {items.length > 0 && (
        <RunTable
          label="Recent runs"
          runs={items}
          columns={COLUMNS}
          nameOf={shortRunName}
          selection={selection}
        />
      )}
    </Panel>
  );
};
