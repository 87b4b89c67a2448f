import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "@mantine/core";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import {
  type ComponentProps,
  type ReactNode,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { canStop, isEnded, runQueryOf } from "../../api/queries.ts";
import { useKeys } from "../../components/keys.ts";
import { Failure, Loading } from "../../components/notices.tsx";
import { wordOf } from "../../components/run-state.tsx";
import { usePhone } from "../../components/use-phone.ts";
import { useMay } from "../../components/use-may.ts";
import { useTitle } from "../../components/title.ts";
import { useNow } from "../../components/use-now.ts";
import { ChartStack } from "./chart-stack.tsx";
import { Diagnosis } from "./diagnosis.tsx";
import { hasCriteria } from "./criterion-place.ts";
import { EndpointTable } from "./endpoint-table.tsx";
import { EventList } from "./event-list.tsx";
import { ExceptionList, FailureList } from "./failure-lists.tsx";
import { KneeChart } from "./knee-chart.tsx";
import { KeyFigures } from "./key-figures.tsx";
import { NoteDialog, type NoteTime } from "./note-dialog.tsx";
import { OutsideNotice } from "./outside-notice.tsx";
import { PercentileCurve } from "./percentile-curve.tsx";
import { RunDetails } from "./run-details.tsx";
import { RunHead } from "./run-head.tsx";
import styles from "./run-page.module.css";
import { type RunSearch, runSearchOf } from "./search.ts";
import { TrustStrip } from "./trust-strip.tsx";
import { type RunView, viewOf } from "./view.ts";
import { isOutside, wholeSeconds, windowName } from "./window.ts";
import { VerdictPanel } from "./verdict-panel.tsx";
import { WindowBar } from "./window-bar.tsx";

/** What was asked for with a window that ends now is asked for again once the run's real end is known. */
const useRealEnd = ({ id, loadEndedAt, settledAt }: RunAnswer): void => {
  const queries = useQueryClient();
  const end = `${loadEndedAt} ${settledAt}`;
  const known = useRef(end);
  useEffect(() => {
    if (known.current === end) return;
    known.current = end;
    void queries.invalidateQueries({ queryKey: ["metrics", id] });
  }, [queries, id, end]);
};

/** The window and what else the address says, and how to change it. */
const useView = (run: RunAnswer, now: number) => {
  useRealEnd(run);
  const given = useSearch({ from: "/shell/runs/$runId" });
  // The router keeps what the route has left out of an address as unusable.
  const search = useMemo(() => runSearchOf(given), [given]);
  const navigate = useNavigate({ from: "/runs/$runId" });
  const change = useCallback(
    (changed: Partial<Record<keyof RunSearch, unknown>>) =>
      void navigate({
        search: (before) => ({ ...before, ...changed }) as RunSearch,
        replace: true,
        resetScroll: false,
      }),
    [navigate],
  );
  const view = useMemo(() => viewOf(run, search, now), [run, search, now]);
  return { view, search, change };
};

const isSameWindow = (one: RunView, other: RunView): boolean =>
  windowName(one.window) === windowName(other.window);

/** Tables of a long run take the server longest, and would keep the charts waiting: they have the window whose charts were answered last. */
const useTablesView = (view: RunView) => {
  const [answered, setAnswered] = useState<RunView | undefined>();
  const onAnswered = useCallback(
    (now: RunView) =>
      setAnswered((before) => (before !== undefined && isSameWindow(before, now) ? before : now)),
    [],
  );
  const isUpToDate = answered !== undefined && isSameWindow(answered, view);
  return { tables: isUpToDate ? view : answered, onAnswered };
};

/** A phone shows what one watches a run for, and the other charts when they are asked for. */
const useShort = () => {
  const isPhone = usePhone();
  const [isAll, setAll] = useState(false);
  return { isShort: isPhone && !isAll, onAll: () => setAll(true) };
};

const Charts = ({
  view,
  onWindow,
  onOverlay,
  onAnswered,
  isShort,
}: {
  readonly view: RunView;
  readonly isShort: boolean;
  readonly onAnswered: (view: RunView) => void;
  readonly onOverlay: (runId: string | undefined) => void;
  readonly onWindow: (window: readonly [number, number] | undefined) => void;
}): ReactNode => {
  const [isTable, onTable] = useState(false);
  const [noteAt, setNoteAt] = useState<NoteTime | undefined>();
  const mayNote = useMay("runs.annotate", view.run);
  const table = { isTable, onTable };
  // What has not happened yet cannot be noted.
  const onTime = (seconds: number): void => setNoteAt(Math.min(seconds, view.loadSeconds));
  return (
    <div className={styles["columns"]}>
      <div className={styles["stack"]}>
        <ChartStack
          view={view}
          table={table}
          onWindow={onWindow}
          onOverlay={onOverlay}
          onAnswered={onAnswered}
          onTime={mayNote ? onTime : undefined}
          isShort={isShort}
        />
      </div>
      <aside className={styles["aside"]}>
        {!isShort && (
          <>
            <KneeChart view={view} table={table} />
            <PercentileCurve view={view} table={table} />
          </>
        )}
        <EventList view={view} onNote={mayNote ? () => setNoteAt("now") : undefined} />
      </aside>
      <NoteDialog view={view} at={noteAt} onClose={() => setNoteAt(undefined)} />
    </div>
  );
};

const Tables = (props: ComponentProps<typeof EndpointTable>): ReactNode => (
  <>
    <EndpointTable {...props} />
    <FailureList view={props.view} />
    <ExceptionList view={props.view} />
  </>
);

/** The window, and its figures where there are any. */
const Figures = ({
  isShort,
  isNowhere,
  ...window
}: ComponentProps<typeof WindowBar> & {
  readonly isShort: boolean;
  readonly isNowhere: boolean;
}): ReactNode => (
  <section className={styles["figures"]} data-short={isShort || undefined} aria-label="Key figures">
    <WindowBar {...window} />
    {!isNowhere && <KeyFigures view={window.view} />}
  </section>
);

/** The events of a run without load, to which a note can be added too. */
const EarlyEvents = ({ view }: { readonly view: RunView }): ReactNode => {
  const [isAdding, setAdding] = useState(false);
  const mayNote = useMay("runs.annotate", view.run);
  return (
    <>
      <EventList view={view} onNote={mayNote ? () => setAdding(true) : undefined} />
      <NoteDialog view={view} at={isAdding ? "now" : undefined} onClose={() => setAdding(false)} />
    </>
  );
};

const WHOLE = { window: undefined, from: undefined, to: undefined };
const UNCHOSEN = { endpoint: undefined, criterion: undefined };

const useRunKeys = (preset: (window: RunSearch["window"]) => void, stop: () => void): void =>
  useKeys({
    w: () => preset(undefined),
    y: () => preset("steady"),
    "5": () => preset("last5m"),
    x: stop,
  });

const RunContent = ({ run }: { readonly run: RunAnswer }): ReactNode => {
  const isLive = !isEnded(run);
  const now = useNow(isLive);
  const { view, search, change } = useView(run, now);
  const [isStopping, setStopping] = useState(false);
  const [scriptAsked, setScriptAsked] = useState(0);
  const { tables, onAnswered } = useTablesView(view);
  const { isShort, onAll } = useShort();
  const mayStop = useMay("runs.stop", run);
  useTitle(`${wordOf(run.status)}: ${run.name}`);
  const isNowhere = isOutside(view.window, run, now);
  const onWindow = (window: readonly [number, number] | undefined): void =>
    change(window === undefined ? WHOLE : { ...WHOLE, ...wholeSeconds(window) });
  // Whether it passed is asked first; that nothing decides it can come later.
  const isJudged = hasCriteria(run);
  const verdict = (
    <VerdictPanel
      view={view}
      chosen={search.criterion}
      onChoose={(shown) => change({ ...WHOLE, ...UNCHOSEN, ...shown })}
      onWindow={onWindow}
    />
  );
  // What it could not run for is asked first: its log is at the top of the details.
  const hasNoLoad = run.status === "Failed" && run.loadStartedAt === undefined;
  const details = <RunDetails view={view} scriptAsked={scriptAsked} />;
  const preset = (window: RunSearch["window"]): void => change({ ...WHOLE, window });
  useRunKeys(preset, () => setStopping(mayStop && canStop(run)));
  return (
    <>
      <RunHead
        run={run}
        now={now}
        stop={{ isOpen: isStopping, setOpen: setStopping }}
        onScript={() => setScriptAsked(scriptAsked + 1)}
      />
      <Diagnosis run={run} now={now} onWindow={onWindow} />
      {isJudged && verdict}
      <TrustStrip run={run} now={now} isLive={isLive} />
      {hasNoLoad && details}
      {!isJudged && verdict}
      {run.loadStartedAt !== undefined && (
        <>
          <Figures
            view={view}
            isShort={isShort}
            isNowhere={isNowhere}
            onPreset={preset}
            onWhole={() => change(WHOLE)}
          />
          {isNowhere ? (
            <OutsideNotice view={view} onWhole={() => change(WHOLE)} />
          ) : (
            <Charts
              view={view}
              onWindow={onWindow}
              onOverlay={(overlay) => change({ overlay })}
              onAnswered={onAnswered}
              isShort={isShort}
            />
          )}
          {isShort && (
            <Button onClick={onAll}>All charts: failures, distribution, generators, limits</Button>
          )}
          {tables !== undefined && !isNowhere && (
            <Tables
              view={tables}
              chosen={search.endpoint ?? []}
              onChoose={(endpoint) =>
                change({ endpoint: endpoint.length === 0 ? undefined : endpoint })
              }
            />
          )}
        </>
      )}
      {run.loadStartedAt === undefined && <EarlyEvents view={view} />}
      {!hasNoLoad && details}
    </>
  );
};

export const RunPage = (): ReactNode => {
  const { runId } = useParams({ from: "/shell/runs/$runId" });
  const run = useQuery(runQueryOf(runId));
  if (run.data !== undefined) return <RunContent key={runId} run={run.data} />;
  if (run.error !== null)
    return (
      <>
        <h1 className="sr-only">Run</h1>
        <Failure
          what="The run cannot be shown."
          error={run.error}
          onRetry={() => void run.refetch()}
        />
      </>
    );
  return <Loading lines={8} />;
};
