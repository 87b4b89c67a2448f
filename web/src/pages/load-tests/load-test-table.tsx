import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { ClampedText } from "../../components/clamped-text.tsx";
import { rowKeys } from "../../components/row-keys.ts";
import { RunState } from "../../components/run-state.tsx";
import { Verdict } from "../../components/verdict.tsx";
import { Sparkline } from "../../components/sparkline.tsx";
import { cell, Table, TableHead } from "../../components/table.tsx";
import { Tags } from "../../components/tags.tsx";
import { TimeText } from "../../components/time-text.tsx";
import { count, inMs, percent, rate, UNKNOWN } from "../../format/numbers.ts";
import styles from "./load-test-table.module.css";
import type { LoadTestsSearch } from "./search.ts";

type Sort = NonNullable<LoadTestsSearch["sort"]>;
type SortField = "name" | "lastRunAt" | "createdAt";

const LEAST_FOR_A_TREND = 6;

type Row = {
  readonly loadTest: LoadTestAnswer;
  /** The newest of its runs that has not ended. */
  readonly active: RunAnswer | undefined;
};

const LastRun = ({ loadTest: { recentRuns }, active }: Row): ReactNode => {
  const last = active ?? recentRuns[0];
  if (last === undefined) return <span className="muted">no run yet</span>;
  return (
    <Link to="/runs/$runId" params={{ runId: last.id }} className={styles["last"]}>
      <RunState status={last.status} />
      <Verdict verdict={last.verdict} isIcon />
      {last.runNumber !== undefined && <span className="muted">#{last.runNumber}</span>}
    </Link>
  );
};

/** Over the recent runs, oldest first. */
const Trend = ({
  loadTest: { name, recentRuns },
  field,
}: {
  readonly loadTest: LoadTestAnswer;
  readonly field: "p95ResponseMs" | "requestsPerSec";
}): ReactNode => {
  const values = recentRuns.map((run) => run[field]).toReversed();
  if (values.filter((value) => value !== null).length < LEAST_FOR_A_TREND)
    return (
      <span className="muted" title={`A trend needs ${LEAST_FOR_A_TREND} runs with requests.`}>
        {UNKNOWN}
      </span>
    );
  const isTime = field === "p95ResponseMs";
  return (
    <Sparkline
      values={values}
      color={isTime ? "--p95" : "--load"}
      label={`${isTime ? "p95" : "Requests per second"} of the last ${values.length} runs of ${name}`}
    />
  );
};

const scopeText = ({ accountId, orgId, projectId, envId }: LoadTestAnswer): string =>
  `${accountId} / ${orgId} / ${projectId}${envId === undefined ? "" : ` · ${envId}`}`;

const TableRow = ({
  loadTest,
  active,
  onTag,
}: Row & { readonly onTag: (tag: string) => void }): ReactNode => {
  const [last] = loadTest.recentRuns;
  return (
    <tr>
      <td className={styles["name"]}>
        <div className={styles["title"]}>
          <Link data-row to="/load-tests/$loadTestId" params={{ loadTestId: loadTest.id }}>
            <ClampedText text={loadTest.name} />
          </Link>
          <Tags tags={loadTest.tags} onChoose={onTag} />
        </div>
        <div className={cell.second}>{scopeText(loadTest)}</div>
      </td>
      <td>
        <LastRun loadTest={loadTest} active={active} />
      </td>
      <td>{loadTest.lastRunAt === undefined ? UNKNOWN : <TimeText ms={loadTest.lastRunAt} />}</td>
      <td className={cell.num}>{count(last?.targetUsers)}</td>
      <td className={cell.num}>{rate(last?.requestsPerSec).value}</td>
      <td className={styles["line"]}>
        <Trend loadTest={loadTest} field="requestsPerSec" />
      </td>
      <td className={cell.num}>{percent(last?.errorRate).value}</td>
      <td className={cell.num}>{inMs(last?.p95ResponseMs)}</td>
      <td className={styles["line"]}>
        <Trend loadTest={loadTest} field="p95ResponseMs" />
      </td>
    </tr>
  );
};

export const LoadTestTable = ({
  loadTests,
  active,
  sort,
  onSort,
  onTag,
}: {
  readonly loadTests: readonly LoadTestAnswer[];
  readonly active: readonly RunAnswer[];
  readonly sort: Sort;
  readonly onSort: (sort: Sort) => void;
  readonly onTag: (tag: string) => void;
}): ReactNode => {
  const sorting = (field: SortField) => ({
    sorted:
      sort === field
        ? ("ascending" as const)
        : sort === `-${field}`
          ? ("descending" as const)
          : undefined,
    onSort: () => {
      const [first, second]: readonly [Sort, Sort] =
        field === "name" ? ["name", "-name"] : [`-${field}`, field];
      onSort(sort === first ? second : first);
    },
  });
  const heads = [
    { head: "Load test", ...sorting("name") },
    { head: "Newest run", isPlain: true },
    { head: "Last started", isPlain: true, ...sorting("lastRunAt") },
    { head: "Users", isNumber: true, isMinor: true },
    { head: "Requests/s", isNumber: true, isMinor: true },
    { head: "of 10 runs", key: "trend of requests", isMinor: true },
    { head: "Failed (%)", isNumber: true },
    { head: "p95 (ms)", isNumber: true },
    { head: "of 10 runs", key: "trend of p95", isMinor: true },
  ];
  return (
    <Table label="Load tests">
      <TableHead heads={heads} />
      <tbody ref={rowKeys}>
        {loadTests.map((loadTest) => (
          <TableRow
            key={loadTest.id}
            loadTest={loadTest}
            active={active.find(({ loadTestId }) => loadTestId === loadTest.id)}
            onTag={onTag}
          />
        ))}
      </tbody>
    </Table>
  );
};
