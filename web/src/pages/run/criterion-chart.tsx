import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import type { Expression } from "@load-manager/contract/criteria/expression.ts";
import { TimeChart, type TimeSeries } from "../../charts/time-chart.tsx";
import type { Decorations } from "../../charts/decorations.ts";
import { axisNumber, inUnit, limitInUnit } from "../../format/numbers.ts";
import { duration } from "../../format/times.ts";
import {
  chartOf,
  colouredSide,
  endpointsOf,
  expressionOf,
  fieldOf,
  figureName,
  type RunCriterion,
  spanOf,
  violationOf,
} from "./criterion-place.ts";
import { criterionChartQuery, processesQuery } from "./run-queries.ts";
import { type Columns, secondsSince } from "./series.ts";
import { useMeasuredEndpoints } from "./use-criteria.ts";
import type { RunView } from "./view.ts";

/** Fewer points than other charts have, so that each has enough requests for its figure. */
const POINTS = 60;

/** A chart of `in every 30 s` has no shorter points than the windows that are judged. */
const pointsOf = ({ window }: Expression, loadSeconds: number): number =>
  window.kind === "every"
    ? Math.max(1, Math.min(POINTS, Math.floor(loadSeconds / window.seconds)))
    : POINTS;

/** More do not fit into the address of a question. */
const MOST_ENDPOINTS = 100;

type Line = {
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
  readonly step: number;
};

/** The figure of a criterion over the whole run; `undefined` until it is known. */
const useLine = (view: RunView, expression: Expression): Line | undefined => {
  const { run, loadStartMs, loadSeconds } = view;
  const known = useMeasuredEndpoints(run, expression.endpoints !== undefined);
  const endpoints = endpointsOf(expression, known);
  const field = fieldOf(expression);
  const isCpu = chartOf(expression) === "workerCpu";
  // A pattern that matches nothing has no line, and not that of all endpoints.
  const isMatched = endpoints.length > 0 && endpoints.length <= MOST_ENDPOINTS;
  const isAsked = field !== undefined && (expression.endpoints === undefined || isMatched);
  const chart = useQuery({
    ...criterionChartQuery(run.id, field ?? "", endpoints, pointsOf(expression, loadSeconds)),
    enabled: isAsked,
  });
  const processes = useQuery({ ...processesQuery(run.id, "whole", {}), enabled: isCpu });
  return useMemo((): Line | undefined => {
    if (isCpu) {
      const { data } = processes;
      if (data === undefined) return undefined;
      const workers = data.processes.filter(({ role }) => role !== "master");
      return {
        times: secondsSince(loadStartMs, data.t),
        step: data.stepMs / 1000,
        values: data.t.map((_, index) => {
          const all = workers.flatMap(({ cpuPercent }) => cpuPercent[index] ?? []);
          return all.length === 0 ? null : Math.max(...all);
        }),
      };
    }
    const { data } = chart;
    if (!isAsked || data?.t === undefined || field === undefined) return undefined;
    return {
      times: secondsSince(loadStartMs, data.t),
      step: data.stepMs / 1000,
      values: (data as unknown as Columns)[field] ?? [],
    };
  }, [isCpu, processes, chart, isAsked, field, loadStartMs]);
};

const UNITS: Readonly<Record<RunCriterion["unit"], string>> = {
  ms: "ms",
  "%": "%",
  "/s": "per second",
  "": "",
};

type Props = {
  readonly view: RunView;
  readonly one: RunCriterion;
  readonly decorations: Decorations;
  readonly onWindow: (window: readonly [number, number] | undefined) => void;
};

/** The figure of one criterion over the whole run, with its limit and when it was violated. */
export const CriterionChart = ({ view, one, decorations, onWindow }: Props): ReactNode => {
  const expression = expressionOf(one);
  return (
    expression !== undefined && (
      <Chart
        view={view}
        one={one}
        expression={expression}
        decorations={decorations}
        onWindow={onWindow}
      />
    )
  );
};

const Chart = ({
  view,
  one,
  expression,
  decorations,
  onWindow,
}: Props & { readonly expression: Expression }): ReactNode => {
  const line = useLine(view, expression);
  const { limit, unit } = one;
  const name = figureName(expression);
  const isUsers = expression.metric === "users";
  const series = useMemo(
    (): readonly TimeSeries[] => [
      {
        label: expression.metric,
        color: unit === "ms" ? "--p95" : "--load",
        values: line?.values ?? [],
        width: 1.75,
        ...(isUsers ? { kind: "step" as const } : {}),
        format: (value) => inUnit(value, unit),
      },
    ],
    [expression.metric, unit, line, isUsers],
  );
  const span = spanOf(expression.window, view);
  const { from, to } = span ?? {};
  const limits = useMemo(
    () =>
      // Before its window has begun nothing can be violated.
      limit === null || from === undefined || to === undefined
        ? []
        : [
            {
              value: limit,
              label: `limit ${limitInUnit(limit, unit)}`,
              series: expression.metric,
              beyond: colouredSide(expression),
              span: { from, to },
            },
          ],
    [limit, unit, expression, from, to],
  );
  const violation = useMemo(
    () => (line === undefined ? undefined : violationOf(one, line, view)),
    [one, line, view],
  );
  const step = line === undefined ? "" : `${duration(line.step * 1000)} points, `;
  return (
    <TimeChart
      title={name}
      unit={`${UNITS[unit]}${unit === "" ? "" : ", "}${step}whole run`}
      times={line?.times ?? []}
      series={series}
      height={180}
      axisFormat={axisNumber}
      range={[0, view.end]}
      loadStartMs={view.loadStartMs}
      loadEnd={view.run.loadEndedAt === undefined ? undefined : view.loadSeconds}
      hasTimeLabels
      decorations={decorations}
      limits={limits}
      areLimitsInSight
      violation={violation}
      onWindow={onWindow}
    />
  );
};
