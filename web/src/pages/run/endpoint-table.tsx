import { Button, TextInput } from "@mantine/core";
import { useMergedRef } from "@mantine/hooks";
import { IconDownload, IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { EndpointRow } from "@load-manager/contract/api/metrics.ts";
import { memo, type ReactNode, useCallback, useMemo, useState } from "react";
import { Empty, Failure, Loading } from "../../components/notices.tsx";
import { Panel } from "../../components/panel.tsx";
import { rowKeys } from "../../components/row-keys.ts";
import { Sparkline } from "../../components/sparkline.tsx";
import { cell, Table, TableHead } from "../../components/table.tsx";
import { count, counted, inMs, percent, rate } from "../../format/numbers.ts";
import { useLatest } from "../../lib/use-latest.ts";
import styles from "./endpoint-table.module.css";
import { endpointLinesQuery, requestsQuery, summaryQuery, totalQuery } from "./run-queries.ts";
import type { RunView } from "./view.ts";
import { useVisibleRows } from "./visible-rows.ts";

type Figures = Omit<EndpointRow, "method" | "name" | "lastSeenAt" | "avgContentBytes">;
type Column = {
  readonly head: string;
  readonly value: (row: Figures) => number | null;
  readonly format: (value: number | null) => string;
  /** Has no room in the second line of a row on a phone. */
  readonly isMinor?: boolean;
};

/** The columns of Locust's own table, by its own names. */
const COLUMNS: readonly Column[] = [
  { head: "# Requests", value: (row) => row.totalRequests, format: count, isMinor: true },
  { head: "# Fails", value: (row) => row.totalFailures, format: count, isMinor: true },
  { head: "Fails (%)", value: (row) => row.errorRate, format: (value) => percent(value).value },
  { head: "Median (ms)", value: (row) => row.p50ResponseMs, format: inMs, isMinor: true },
  { head: "95%ile (ms)", value: (row) => row.p95ResponseMs, format: inMs },
  { head: "99%ile (ms)", value: (row) => row.p99ResponseMs, format: inMs, isMinor: true },
  { head: "Average (ms)", value: (row) => row.avgResponseMs, format: inMs, isMinor: true },
  { head: "Min (ms)", value: (row) => row.minResponseMs, format: inMs, isMinor: true },
  { head: "Max (ms)", value: (row) => row.maxResponseMs, format: inMs, isMinor: true },
  { head: "RPS", value: (row) => row.requestsPerSec, format: (value) => rate(value).value },
];

/** The address of a query must be shorter than 16 kB, in which a letter may take three bytes or more. */
const MOST_LETTERS = 3000;
const NAME = "Type, name";
type Sort = { readonly head: string; readonly isDown: boolean };
const nameOf = ({ method, name }: { readonly method: string; readonly name: string }): string =>
  `${method} ${name}`;

/** Unknown values last, whichever way the table is sorted. */
const sorted = (rows: readonly EndpointRow[], { head, isDown }: Sort): EndpointRow[] => {
  const column = COLUMNS.find((one) => one.head === head);
  const way = isDown ? -1 : 1;
  return rows.toSorted((one, other) => {
    if (column === undefined) return way * nameOf(one).localeCompare(nameOf(other));
    const [a, b] = [column.value(one), column.value(other)];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    return way * (a - b) || nameOf(one).localeCompare(nameOf(other));
  });
};

/** Rows are many, and the page is drawn again with every second: a row whose figures are the same is not. */
const Row = memo(
  ({
    row,
    line,
    isChosen,
    onChoose,
  }: {
    readonly row: EndpointRow;
    readonly line: readonly (number | null)[] | undefined;
    readonly isChosen: boolean;
    readonly onChoose: (name: string, isMore: boolean) => void;
  }): ReactNode => (
    <tr className={isChosen ? cell.chosen : undefined}>
      <td className={styles["name"]}>
        <button
          type="button"
          data-row
          aria-pressed={isChosen}
          title={`Charts of ${nameOf(row)}; with Shift, or by the space bar, beside the others`}
          onClick={(event) => onChoose(nameOf(row), event.shiftKey)}
          onKeyDown={(event) => {
            if (event.key !== " ") return;
            // Enter is a click, which shows its charts alone.
            event.preventDefault();
            if (!event.repeat) onChoose(nameOf(row), true);
          }}
        >
          <span className={styles["method"]}>{row.method}</span> {row.name}
        </button>
      </td>
      {COLUMNS.map(({ head, value, format }) => (
        <td key={head} className={cell.num}>
          {format(value(row))}
        </td>
      ))}
      <td className={styles["line"]}>
        {line !== undefined && <Sparkline values={line} label={`95%ile of ${nameOf(row)}`} />}
      </td>
    </tr>
  ),
);

const Controls = ({
  view: { run, figures },
  filter,
  onFilter,
  hasChosen,
  onAll,
}: {
  readonly view: RunView;
  readonly filter: string;
  readonly onFilter: (filter: string) => void;
  readonly hasChosen: boolean;
  readonly onAll: () => void;
}): ReactNode => (
  <>
    <TextInput
      size="xs"
      aria-label="Filter endpoints"
      placeholder="Filter endpoints"
      leftSection={<IconSearch size={14} stroke={1.5} />}
      value={filter}
      onChange={(event) => onFilter(event.currentTarget.value)}
    />
    {hasChosen && (
      <Button size="compact-sm" onClick={onAll}>
        All endpoints
      </Button>
    )}
    <Button
      size="compact-sm"
      component="a"
      href={`/v1/runs/${run.id}/requests?${new URLSearchParams({ format: "csv", ...figures }).toString()}`}
      title="The endpoints of this window"
      download={`${run.name} requests.csv`}
      leftSection={<IconDownload size={14} stroke={1.5} />}
    >
      CSV
    </Button>
  </>
);

const Heads = ({
  sort,
  onSort,
}: {
  readonly sort: Sort;
  readonly onSort: (sort: Sort) => void;
}): ReactNode => {
  const sorting = (head: string) => ({
    sorted:
      sort.head === head
        ? sort.isDown
          ? ("descending" as const)
          : ("ascending" as const)
        : undefined,
    onSort: () => onSort({ head, isDown: sort.head === head ? !sort.isDown : head !== NAME }),
  });
  const heads = [
    { head: NAME, ...sorting(NAME) },
    ...COLUMNS.map(({ head, isMinor }) => ({ head, isMinor, isNumber: true, ...sorting(head) })),
    { head: "95%ile over time", isMinor: true, isUnprinted: true },
  ];
  return <TableHead heads={heads} />;
};

const Total = ({ total }: { readonly total: Figures }): ReactNode => (
  <tr className={cell.total}>
    <td>Aggregated</td>
    {COLUMNS.map(({ head, value, format }) => (
      <td key={head} className={cell.num}>
        {format(value(total))}
      </td>
    ))}
    <td aria-label="No line for the sum" className={styles["line"]} />
  </tr>
);

/** What a click on an endpoint leaves chosen: it alone, or with Shift beside the others. */
const chosenAfter = (chosen: readonly string[], name: string, isMore: boolean): string[] => {
  const others = chosen.filter((one) => one !== name);
  const isChosen = others.length < chosen.length;
  if (isMore) return isChosen ? others : [...chosen, name];
  return isChosen ? [] : [name];
};

/** In place of rows that are not drawn. */
const Spacer = ({ height }: { readonly height: number }): ReactNode =>
  height === 0 ? null : (
    <tr aria-hidden>
      <td colSpan={COLUMNS.length + 2} style={{ height, padding: 0 }} />
    </tr>
  );

type RowsProps = {
  readonly view: RunView;
  readonly rows: readonly EndpointRow[];
  readonly chosen: readonly string[];
  readonly onChoose: (endpoints: readonly string[]) => void;
};

/** As many names as an address can have, the short ones first. */
const fitting = (names: readonly string[]): string[] => {
  let letters = 0;
  return names
    .toSorted((one, other) => one.length - other.length)
    .filter((name) => (letters += name.length + 10) <= MOST_LETTERS)
    .toSorted();
};

/** The rows that are seen, each with its line. */
const Rows = ({ view, rows, chosen, onChoose }: RowsProps): ReactNode => {
  const { run, window, figures, charts, isLive } = view;
  const { ref, shown, above, below } = useVisibleRows(rows);
  const bodyRef = useMergedRef(ref, rowKeys);
  // In the order of names, so that another sort asks for nothing new.
  const names = fitting(shown.map(nameOf));
  const { data: lines } = useQuery(endpointLinesQuery(run.id, window.kind, charts, names));
  const ended = useQuery({ ...summaryQuery(run.id, window.kind, figures), enabled: !isLive });
  const live = useQuery({ ...totalQuery(run.id, window.kind, figures), enabled: isLive });
  const total = isLive ? live.data : ended.data;
  const lineOf = useMemo(
    () => new Map((lines?.series ?? []).map((one) => [one.endpoint, one.p95ResponseMs])),
    [lines],
  );
  const latest = useLatest({ chosen, onChoose });
  const choose = useCallback(
    (name: string, isMore: boolean) => {
      const { current } = latest;
      current.onChoose(chosenAfter(current.chosen, name, isMore));
    },
    [latest],
  );
  return (
    <tbody ref={bodyRef}>
      <Spacer height={above} />
      {shown.map((row) => (
        <Row
          key={nameOf(row)}
          row={row}
          line={lineOf.get(nameOf(row))}
          isChosen={chosen.includes(nameOf(row))}
          onChoose={choose}
        />
      ))}
      <Spacer height={below} />
      {total !== undefined && <Total total={total} />}
    </tbody>
  );
};

/** An address may name endpoints that the run does not have, or not in this window. */
const Missing = ({
  chosen,
  items,
}: {
  readonly chosen: readonly string[];
  readonly items: readonly EndpointRow[];
}): ReactNode => {
  const missing = chosen.filter((name) => !items.some((row) => nameOf(row) === name));
  return (
    missing.length > 0 && (
      <p className={styles["missing"]} role="status">
        {missing.join(", ")}: no request of this window, so {missing.length === 1 ? "its" : "their"}{" "}
        charts are empty.
      </p>
    )
  );
};

/** Every endpoint with Locust's own columns; a click shows its charts. */
export const EndpointTable = ({ view, chosen, onChoose }: Omit<RowsProps, "rows">): ReactNode => {
  const { run, window, figures } = view;
  const { data, error } = useQuery(requestsQuery(run.id, window.kind, figures));
  const [sort, setSort] = useState<Sort>({ head: "95%ile (ms)", isDown: true });
  const [filter, setFilter] = useState("");
  const rows = useMemo(() => {
    const wanted = filter.trim().toLowerCase();
    const found = (data?.items ?? []).filter((row) => nameOf(row).toLowerCase().includes(wanted));
    return sorted(found, sort);
  }, [data, filter, sort]);
  if (data === undefined)
    return error === null ? (
      <Loading lines={6} />
    ) : (
      <Failure what="The endpoints cannot be read." error={error} />
    );
  const nothing =
    data.items.length === 0
      ? "No request has completed in this window."
      : `None of ${counted(data.items.length, "endpoint")} has “${filter.trim()}” in its name.`;
  const controls = {
    view,
    filter,
    onFilter: setFilter,
    hasChosen: chosen.length > 0,
    onAll: () => onChoose([]),
  };
  return (
    <Panel title="Endpoints" sub={data.items.length} end={<Controls {...controls} />}>
      <Missing chosen={chosen} items={data.items} />
      {rows.length === 0 ? (
        <Empty title={nothing}>
          {data.items.length > 0 && (
            <Button size="compact-sm" onClick={() => setFilter("")}>
              Clear the filter
            </Button>
          )}
        </Empty>
      ) : (
        <Table label="Endpoints">
          <Heads sort={sort} onSort={setSort} />
          <Rows view={view} rows={rows} chosen={chosen} onChoose={onChoose} />
        </Table>
      )}
    </Panel>
  );
};
