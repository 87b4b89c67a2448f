import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { CodeText } from "../../components/code-text.tsx";
import { Empty, Failure } from "../../components/notices.tsx";
import { Panel } from "../../components/panel.tsx";
import { cell, type Head, Table, TableHead } from "../../components/table.tsx";
import { TimeText } from "../../components/time-text.tsx";
import { count } from "../../format/numbers.ts";
import styles from "./failure-lists.module.css";
import { exceptionsQuery, failuresQuery, summaryQuery } from "./run-queries.ts";
import type { RunView } from "./view.ts";

const FAILURE_HEADS: readonly Head[] = [
  { head: "# Occurrences", isNumber: true },
  { head: "Type, name", isPlain: true },
  { head: "Error", isPlain: true },
  { head: "First seen" },
  { head: "Last seen" },
];

const Seen = ({ ms }: { readonly ms: number | null }): ReactNode =>
  ms === null ? "–" : <TimeText ms={ms} hasSeconds />;

/** Locust's totals may say how many requests failed, and not how. */
const NoKind = ({ failures }: { readonly failures: number }): ReactNode =>
  failures === 0 ? (
    <Empty title="No request of this window failed." />
  ) : (
    <Empty title={failures === 1 ? "1 request failed." : `${count(failures)} requests failed.`}>
      <p>
        How they failed is not known: what reports to this run sends no errors. The plugin does.
      </p>
    </Empty>
  );

const kinds = (number: number): string => (number === 1 ? "1 kind" : `${count(number)} kinds`);

export const FailureList = ({ view }: { readonly view: RunView }): ReactNode => {
  const { run, window, charts, figures } = view;
  const { data: summary } = useQuery(summaryQuery(run.id, window.kind, figures));
  const { data, error: unread } = useQuery(failuresQuery(run.id, window.kind, charts));
  if (data === undefined)
    return unread === null ? null : <Failure what="The failures cannot be read." error={unread} />;
  const items = data.items;
  return (
    <Panel title="Failures" sub={kinds(items.length)}>
      {items.length === 0 ? (
        <NoKind failures={summary?.totalFailures ?? 0} />
      ) : (
        <Table label="Failures">
          <TableHead heads={FAILURE_HEADS} />
          <tbody>
            {items.map(({ method, name, error, occurrences, firstSeenAt, lastSeenAt }) => (
              <tr key={`${method} ${name} ${error}`}>
                <td className={cell.num}>{count(occurrences)}</td>
                <td className={styles["name"]}>
                  <span className="muted">{method}</span> {name}
                </td>
                <td className={styles["error"]}>{error}</td>
                <td>
                  <Seen ms={firstSeenAt} />
                </td>
                <td>
                  <Seen ms={lastSeenAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </Table>
      )}
    </Panel>
  );
};

export const ExceptionList = ({ view }: { readonly view: RunView }): ReactNode => {
  const { run, window, charts } = view;
  const { data } = useQuery(exceptionsQuery(run.id, window.kind, charts));
  if (data === undefined || data.items.length === 0) return null;
  return (
    <Panel title="Exceptions" sub={`${kinds(data.items.length)}; raised by the script`}>
      <ul className={styles["exceptions"]}>
        {data.items.map(({ message, traceback, count: times, workers }) => (
          <li key={`${message} ${traceback}`}>
            <details>
              <summary>
                <b>{count(times)}</b> <span className={styles["error"]}>{message}</span>
                <span className="muted">
                  {" "}
                  on {workers.length === 1 ? "1 worker" : `${workers.length} workers`}
                </span>
              </summary>
              <CodeText label={`Traceback of ${message.slice(0, 200)}`}>{traceback}</CodeText>
            </details>
          </li>
        ))}
      </ul>
    </Panel>
  );
};
