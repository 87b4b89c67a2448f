import type { CriterionVerdict, LiveCriterion } from "@load-manager/contract/model/criterion.ts";
import { IconMinus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Panel } from "../../components/panel.tsx";
import { cell, type Head, Table, TableHead } from "../../components/table.tsx";
import { Verdict } from "../../components/verdict.tsx";
import { count } from "../../format/numbers.ts";
import { BaselineNote } from "./baseline-note.tsx";
import { CriterionChart } from "./criterion-chart.tsx";
import {
  endpointsOf,
  expressionOf,
  type RunCriterion,
  searchOfWindow,
  shownCriterion,
} from "./criterion-place.ts";
import { MarginBar } from "./margin-bar.tsx";
import { verdictQuery } from "./run-queries.ts";
import type { RunSearch } from "./search.ts";
import { useMeasuredEndpoints } from "./use-criteria.ts";
import { useDecorations } from "./use-decorations.ts";
import {
  inOrder,
  liveSentence,
  liveWord,
  noteOf,
  observedText,
  sentenceOf,
} from "./verdict-rows.ts";
import styles from "./verdict-panel.module.css";
import type { RunView } from "./view.ts";

const HEADS: readonly Head[] = [
  { head: "Result", isPlain: true },
  { head: "Criterion", isPlain: true },
  { head: "Observed", isNumber: true },
  { head: "Against its limit", isPlain: true },
  { head: "Requests", isNumber: true, isMinor: true },
  { head: "Why", isMinor: true },
];

type Props = {
  readonly view: RunView;
  /** The id of the criterion that is shown in the charts. */
  readonly chosen: string | undefined;
  /** What the address says to show one: its window, its endpoints and its own chart; nothing to show the whole run. */
  readonly onChoose: (
    search: Pick<RunSearch, "window" | "from" | "to" | "endpoint" | "criterion">,
  ) => void;
  readonly onWindow: (window: readonly [number, number] | undefined) => void;
};

/** As many endpoints as one chart shows beside each other. */
const MOST_ENDPOINTS = 6;

/** The criterion itself shows it in the charts: its window, its endpoint and its own chart; once more shows the whole run. */
const Criterion = ({
  one,
  view,
  chosen,
  onChoose,
}: Omit<Props, "onWindow"> & { readonly one: RunCriterion }): ReactNode => {
  const expression = expressionOf(one);
  const known = useMeasuredEndpoints(view.run, expression?.endpoints !== undefined);
  const isChosen = one.id === chosen;
  const show = (): void => {
    if (isChosen || expression === undefined) {
      onChoose({});
      return;
    }
    const endpoint = endpointsOf(expression, known);
    const isShown = endpoint.length > 0 && endpoint.length <= MOST_ENDPOINTS;
    onChoose({
      criterion: one.id,
      ...searchOfWindow(expression.window, view),
      ...(isShown ? { endpoint } : {}),
    });
  };
  return (
    <div className={styles["criterion"]}>
      <button
        type="button"
        className={styles["show"]}
        aria-pressed={isChosen}
        title={isChosen ? "Show the whole run" : "Show it in the charts"}
        onClick={show}
      >
        <code>{one.expression}</code>
      </button>
      {one.name !== undefined && <span className="muted"> {one.name}</span>}
      {one.severity === "warn" && <span className="muted"> only warns</span>}
      <BaselineNote one={one} />
    </div>
  );
};

/** The criteria, and beside them the chart of the one that matters. */
const Body = ({
  criteria,
  ...props
}: Props & { readonly criteria: readonly RunCriterion[] }): ReactNode => {
  const { view, chosen, onWindow } = props;
  const decorations = useDecorations(view);
  const shown = shownCriterion(criteria, chosen, view.isLive);
  const isJudged = criteria.some((one) => "verdict" in one);
  return (
    <div className={styles["body"]} data-has-chart={shown !== undefined || undefined}>
      <Table label="Criteria">
        <TableHead heads={isJudged ? HEADS : HEADS.slice(0, 5)} />
        <tbody>
          {criteria.map((one) => (
            <tr key={one.id} className={one.id === chosen ? cell.chosen : undefined}>
              <td>{"verdict" in one ? <Verdict verdict={one.verdict} /> : liveWord(one)}</td>
              <td>
                <Criterion one={one} {...props} />
              </td>
              <td className={cell.num}>{observedText(one)}</td>
              <td>
                <MarginBar one={one} />
              </td>
              <td className={cell.num}>{count(one.requests)}</td>
              {"verdict" in one && <td>{noteOf(one, view.loadStartMs)}</td>}
            </tr>
          ))}
        </tbody>
      </Table>
      {shown !== undefined && (
        <div className={styles["chart"]}>
          <CriterionChart view={view} one={shown} decorations={decorations} onWindow={onWindow} />
        </div>
      )}
    </div>
  );
};

const Frozen = ({
  verdict,
  criteria,
  ...props
}: Props & {
  readonly verdict: "passed" | "failed" | "inconclusive";
  readonly criteria: readonly CriterionVerdict[];
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
    sub="of the whole run, whatever window is shown below"
  >
    <Body {...props} criteria={inOrder(criteria)} />
  </Panel>
);

/** Neutral: there is no verdict yet. */
const Live = ({
  live,
  ...props
}: Props & { readonly live: readonly LiveCriterion[] }): ReactNode => (
  <Panel title={liveSentence(live)} sub="so far; the verdict comes with the end of the run">
    <Body {...props} criteria={live} />
  </Panel>
);

const Line = ({ children }: { readonly children: ReactNode }): ReactNode => (
  <p className={styles["line"]}>
    <IconMinus size={16} stroke={1.5} aria-hidden />
    {children}
  </p>
);

/** Whether a run passed, and each of its criteria; while it lasts how these stand. One line without criteria. */
export const VerdictPanel = (props: Props): ReactNode => {
  const { run } = props.view;
  const criteria = run.criteria ?? [];
  const { data } = useQuery({ ...verdictQuery(run.id), enabled: criteria.length > 0 });
  if (criteria.length === 0)
    return (
      <Line>
        No criteria.
        {run.loadTestId !== undefined && (
          <Link
            to="/load-tests/$loadTestId"
            params={{ loadTestId: run.loadTestId }}
            hash="settings"
            className={styles["add"]}
          >
            Add one
          </Link>
        )}
      </Line>
    );
  if (data === undefined) return <Line>{criteria.length} criteria</Line>;
  if (data.verdict !== "none")
    return <Frozen {...props} verdict={data.verdict} criteria={data.criteria} />;
  if (data.live !== undefined) return <Live {...props} live={data.live} />;
  return (
    <Line>
      {criteria.length === 1 ? "One criterion" : `${criteria.length} criteria`}; the verdict comes
      with the end of the run
    </Line>
  );
};
