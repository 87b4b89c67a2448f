import { Button } from "@mantine/core";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { type ReactNode, useMemo } from "react";
import { loadTestPagesQuery, runPagesQuery, runsQuery } from "../../api/queries.ts";
import { Empty, Failure, Loading } from "../../components/notices.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { Panel } from "../../components/panel.tsx";
import { ShowMore } from "../../components/show-more.tsx";
import { useTitle } from "../../components/title.ts";
import { Toolbar } from "../../components/toolbar.tsx";
import { useNow } from "../../components/use-now.ts";
import { useScope } from "../../components/use-scope.ts";
import { counted } from "../../format/numbers.ts";
import { askedText } from "./asked.ts";
import { ColumnChoice, useColumns } from "./column-choice.tsx";
import type { LoadTestNames } from "./columns.tsx";
import { type Change, RunFilters } from "./filters.tsx";
import { OverlayButton, useRunSelection } from "./overlay.tsx";
import { RunTable } from "./run-table.tsx";
import { isFiltered, runFilterOf, runsSearchOf, type RunsSearch } from "./search.ts";

/** As many as one page of the API has. */
const MOST_COUNTED = 200;

/** What was asked for, and how many runs there are without the filters. */
const NothingLikeThat = ({
  search,
  loadTestNames,
  onClear,
}: {
  readonly search: RunsSearch;
  readonly loadTestNames: LoadTestNames;
  readonly onClear: () => void;
}): ReactNode => {
  const { data } = useQuery(runsQuery(useScope(), { limit: MOST_COUNTED }));
  const runs = data?.items.length;
  const isMore = data?.nextCursor !== undefined;
  const of =
    runs === undefined ? "No run" : `None of ${isMore ? "more than " : ""}${counted(runs, "run")}`;
  const loadTest = loadTestNames.get(search.loadTestId ?? "");
  return (
    <Empty title={`${of} has: ${askedText(search, loadTest)}.`}>
      <Button size="compact-sm" onClick={onClear}>
        Clear the filters
      </Button>
    </Empty>
  );
};

const NoRunYet = (): ReactNode => (
  <Empty title="No run yet">
    <p>
      A run is one execution of a load test. It is started on the page of its load test, by the API,
      or at a Locust of your own that is attached.
    </p>
    <Link to="/load-tests">Load tests</Link>
  </Empty>
);

const nameOf = ({ name }: RunAnswer): string => name;

/** The names of the load tests of the scope, as far as one page of the API has them. */
const useLoadTestNames = (): LoadTestNames => {
  const { data } = useInfiniteQuery(loadTestPagesQuery(useScope(), { sort: "name", limit: 200 }));
  return useMemo(
    () =>
      new Map((data?.pages ?? []).flatMap(({ items }) => items.map(({ id, name }) => [id, name]))),
    [data],
  );
};

/** All runs of the scope. */
export const RunsPage = (): ReactNode => {
  useTitle("Runs");
  const scope = useScope();
  const given = useSearch({ from: "/shell/runs" });
  // The router keeps what the route has left out of an address as unusable.
  const search = useMemo(() => runsSearchOf(given), [given]);
  const navigate = useNavigate({ from: "/runs" });
  const now = useNow(search.since !== undefined);
  const pages = useInfiniteQuery(runPagesQuery(scope, runFilterOf(search, now)));
  const loadTestNames = useLoadTestNames();
  const selection = useRunSelection();
  const { shown, columns, toggle } = useColumns();
  const runs = useMemo(() => pages.data?.pages.flatMap(({ items }) => items) ?? [], [pages.data]);
  const change: Change = (changed) =>
    void navigate({
      search: (before) => ({ ...before, ...changed }) as RunsSearch,
      replace: true,
      resetScroll: false,
    });
  const clear = (): void => void navigate({ search: ({ scope: kept }) => ({ scope: kept }) });
  return (
    <>
      <PageHead
        title="Runs"
        actions={
          <>
            <OverlayButton runs={runs} selection={selection} />
            <ColumnChoice shown={shown} toggle={toggle} />
          </>
        }
      />
      <Panel label="List of runs">
        <Toolbar>
          <RunFilters search={search} change={change} loadTestNames={loadTestNames} />
        </Toolbar>
        {pages.error !== null && (
          <Failure
            what="The runs cannot be listed."
            error={pages.error}
            onRetry={() => void pages.refetch()}
          />
        )}
        {pages.isPending && <Loading lines={8} />}
        {pages.data !== undefined &&
          runs.length === 0 &&
          (isFiltered(search) ? (
            <NothingLikeThat search={search} loadTestNames={loadTestNames} onClear={clear} />
          ) : (
            <NoRunYet />
          ))}
        {runs.length > 0 && (
          <RunTable
            label="Runs"
            runs={runs}
            columns={columns}
            nameOf={nameOf}
            loadTestNames={loadTestNames}
            selection={selection}
          />
        )}
        <ShowMore pages={pages} />
      </Panel>
    </>
  );
};
