import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import type { CriterionVerdict, LiveCriterion } from "@load-manager/contract/model/criterion.ts";
import { IconMinus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Panel } from "../../components/panel.tsx";
import { cell, type Head, Table, TableHead } from "../../components/table.tsx";
import { Verdict } from "../../components/verdict.tsx";
import { count } from "../../format/numbers.ts";
import { BaselineNote } from "./baseline-note.tsx";
import { verdictQuery } from "./run-queries.ts";
import {
  inOrder,
  liveSentence,
  liveWord,
  noteOf,
  observedText,
  sentenceOf,
} from "./verdict-rows.ts";
import styles from "./verdict-panel.module.css";

const HEADS: readonly Head[] = [
  { head: "Result", isPlain: true },
  { head: "Criterion", isPlain: true },
  { head: "Observed", isNumber: true },
  { head: "Requests", isNumber: true, isMinor: true },
  { head: "Why", isMinor: true },
];

const Criterion = ({
  one,
}: {
  readonly one: Pick<CriterionVerdict, "name" | "expression" | "severity" | "baseline" | "unit">;
}): ReactNode => (
  <>
    <code>{one.expression}</code>
    {one.name !== undefined && <span className="muted"> {one.name}</span>}
    {one.severity === "warn" && <span className="muted"> only warns</span>}
    <BaselineNote one={one} />
  </>
);

const Frozen = ({
  verdict,
  criteria,
  loadStartMs,
}: {
  readonly verdict: "passed" | "failed" | "inconclusive";
  readonly criteria: readonly CriterionVerdict[];
  readonly loadStartMs: number;
}): ReactNode => (
  <Panel
    title={
      <span className={styles["sentence"]}>
        {/* The sentence begins with the word. */}
        <span aria-hidden>
          <Verdict verdict={verdict} isIcon />
        </span>
        <span>{sentenceOf(verdict, criteria)}</span>
      </span>
    }
    sub="whole run, as its criteria say"
  >
    <Table label="Criteria">
      <TableHead heads={HEADS} />
      <tbody>
        {inOrder(criteria).map((one) => (
          <tr key={one.id}>
            <td>
              <Verdict verdict={one.verdict} />
            </td>
            <td>
              <Criterion one={one} />
            </td>
            <td className={cell.num}>{observedText(one)}</td>
            <td className={cell.num}>{count(one.requests)}</td>
            <td>{noteOf(one, loadStartMs)}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  </Panel>
);

/** Neutral: there is no verdict yet. */
const Live = ({ live }: { readonly live: readonly LiveCriterion[] }): ReactNode => (
  <Panel title={liveSentence(live)} sub="so far; the verdict comes with the end of the run">
    <Table label="Criteria">
      <TableHead heads={HEADS.slice(0, 4)} />
      <tbody>
        {live.map((one) => (
          <tr key={one.id}>
            <td>{liveWord(one)}</td>
            <td>
              <Criterion one={one} />
            </td>
            <td className={cell.num}>{observedText(one)}</td>
            <td className={cell.num}>{count(one.requests)}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  </Panel>
);

const Line = ({ children }: { readonly children: ReactNode }): ReactNode => (
  <p className={styles["line"]}>
    <IconMinus size={16} stroke={1.5} aria-hidden />
    {children}
  </p>
);

/** Whether a run passed, and each of its criteria; while it lasts how these stand. One line without criteria. */
export const VerdictPanel = ({
  run,
  loadStartMs,
}: {
  readonly run: RunAnswer;
  readonly loadStartMs: number;
}): ReactNode => {
  const criteria = run.criteria ?? [];
  const { data } = useQuery({ ...verdictQuery(run.id), enabled: criteria.length > 0 });
  if (criteria.length === 0) return <Line>No criteria</Line>;
  if (data === undefined) return <Line>{criteria.length} criteria</Line>;
  if (data.verdict !== "none")
    return <Frozen verdict={data.verdict} criteria={data.criteria} loadStartMs={loadStartMs} />;
  if (data.live !== undefined) return <Live live={data.live} />;
  return (
    <Line>
      {criteria.length === 1 ? "One criterion" : `${criteria.length} criteria`}; the verdict comes
      with the end of the run
    </Line>
  );
};
