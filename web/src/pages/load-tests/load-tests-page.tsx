import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type ReactNode, useMemo } from "react";
import { ACTIVE, loadTestPagesQuery, runsQuery } from "../../api/queries.ts";
import { FilterTags } from "../../components/filter-tags.tsx";
import { useKeys } from "../../components/keys.ts";
import { Empty, Failure, Loading } from "../../components/notices.tsx";
import { PageHead } from "../../components/page-head.tsx";
import { Panel } from "../../components/panel.tsx";
import { SearchField } from "../../components/search-field.tsx";
import { ShowMore } from "../../components/show-more.tsx";
import { Toolbar } from "../../components/toolbar.tsx";
import { useTitle } from "../../components/title.ts";
import { useScopesOf } from "../../components/use-may.ts";
import { useScope } from "../../components/use-scope.ts";
import { tagsOf, withoutTag, withTag } from "../../lib/tag-list.ts";
import { LoadTestTable } from "./load-test-table.tsx";
import { NewLoadTestDialog } from "./new-load-test-dialog.tsx";
import { filterOf, loadTestsSearchOf, type LoadTestsSearch } from "./search.ts";

const UNDER_WAY = ["Pending", ...ACTIVE];

const NEEDS_EDITOR = "This needs the role editor.";

const Nothing = ({
  search,
  mayWrite,
  onClear,
  onNew,
}: {
  readonly mayWrite: boolean;
  readonly search: LoadTestsSearch;
  readonly onClear: () => void;
  readonly onNew: () => void;
}): ReactNode => {
  if (search.q === undefined && search.tags === undefined)
    return (
      <Empty title="No load test yet">
        <p>
          A load test holds a locustfile and its settings: how many users, how fast they come, for
          how long, against which address. Each time it is carried out is a run.
        </p>
        {/* The button in the head is the one to press, with its reason where it cannot be pressed. */}
        <Button disabled={!mayWrite} title={mayWrite ? undefined : NEEDS_EDITOR} onClick={onNew}>
          New load test
        </Button>
      </Empty>
    );
  const asked = [
    search.q === undefined ? undefined : `“${search.q}” in its name`,
    search.tags === undefined ? undefined : `the tags ${tagsOf(search.tags).join(" and ")}`,
  ];
  return (
    <Empty title={`No load test has ${asked.filter(Boolean).join(" and ")}.`}>
      <Button size="compact-sm" onClick={onClear}>
        Clear the filter
      </Button>
    </Empty>
  );
};

type Change = (changed: { readonly [Name in keyof LoadTestsSearch]?: unknown }) => void;
type Listed = {
  readonly search: LoadTestsSearch;
  readonly change: Change;
  readonly onNew: () => void;
  readonly mayWrite: boolean;
};

const Content = ({ search, change, onNew, mayWrite }: Listed): ReactNode => {
  const scope = useScope();
  const pages = useInfiniteQuery(loadTestPagesQuery(scope, filterOf(search)));
  const active = useQuery(runsQuery(scope, { status: UNDER_WAY, limit: 200 }));
  const loadTests = useMemo(() => pages.data?.pages.flatMap(({ items }) => items), [pages.data]);
  if (pages.error !== null)
    return (
      <Failure
        what="The load tests cannot be listed."
        error={pages.error}
        onRetry={() => void pages.refetch()}
      />
    );
  if (loadTests === undefined) return <Loading lines={8} />;
  if (loadTests.length === 0)
    return (
      <Nothing
        search={search}
        mayWrite={mayWrite}
        onNew={onNew}
        onClear={() => change({ q: undefined, tags: undefined })}
      />
    );
  return (
    <>
      <LoadTestTable
        loadTests={loadTests}
        active={active.data?.items ?? []}
        sort={filterOf(search).sort}
        onSort={(sort) => change({ sort })}
        onTag={(tag) => change({ tags: withTag(search.tags, tag) })}
      />
      <ShowMore pages={pages} />
    </>
  );
};

/** The load tests of the scope. */
export const LoadTestsPage = (): ReactNode => {
  useTitle("Load tests");
  const scope = useScope();
  const given = useSearch({ from: "/shell/load-tests" });
  // The router keeps what the route has left out of an address as unusable.
  const search = useMemo(() => loadTestsSearchOf(given), [given]);
  const navigate = useNavigate({ from: "/load-tests" });
  const mayWrite = useScopesOf("loadTests.write", scope)?.length !== 0;
  const change: Change = (changed) =>
    void navigate({
      search: (before) => ({ ...before, ...changed }) as LoadTestsSearch,
      replace: true,
      resetScroll: false,
    });
  const onNew = (): void => {
    if (mayWrite) change({ new: true });
  };
  useKeys({ n: onNew });
  return (
    <>
      <PageHead
        title="Load tests"
        actions={
          <Button
            variant="filled"
            leftSection={<IconPlus size={16} stroke={1.5} />}
            disabled={!mayWrite}
            title={mayWrite ? undefined : NEEDS_EDITOR}
            onClick={onNew}
          >
            New load test
          </Button>
        }
      />
      <Panel label="List of load tests">
        <Toolbar>
          <SearchField
            label="Search load tests by name"
            value={search.q ?? ""}
            onChange={(q) => change({ q: q === "" ? undefined : q })}
          />
          <FilterTags
            tags={tagsOf(search.tags)}
            onRemove={(tag) => change({ tags: withoutTag(search.tags, tag) })}
          />
        </Toolbar>
        <Content search={search} change={change} onNew={onNew} mayWrite={mayWrite} />
      </Panel>
      <NewLoadTestDialog
        isOpen={mayWrite && search.new === true}
        onClose={() => change({ new: undefined })}
        title="New load test"
      />
    </>
  );
};
