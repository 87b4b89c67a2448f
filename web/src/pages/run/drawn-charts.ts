import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import type { TimeSeries } from "../../charts/time-chart.tsx";

/** Whether the Locust of a run has measured more than its own totals. */
export const hasPlugin = ({ engine }: Pick<RunAnswer, "engine">): boolean =>
  engine?.pluginVersion !== undefined;

type Series = readonly Pick<TimeSeries, "values">[];

type Known = {
  readonly latency: Series;
  readonly failures: Series;
  readonly hasHeatmap: boolean;
  /** `undefined` until it is known. */
  readonly generators: Series | undefined;
  /** Whether values that are missing may still come. */
  readonly mayCome: boolean;
  /** Requests and response times only. */
  readonly isShort: boolean;
};

const hasValues = (series: Series): boolean =>
  series.some(({ values }) => values.some((value) => value !== null));

/** Which charts of the stack have something to draw, and which is the lowest, that has the labels of the time axis. */
export const drawnCharts = (known: Known) => {
  const { latency, failures, hasHeatmap, generators, mayCome, isShort } = known;
  const drawn = {
    failures: !isShort && failures.length > 0,
    latency: mayCome || hasValues(latency),
    distribution: !isShort && hasHeatmap,
    generators: !isShort && (mayCome || generators === undefined || hasValues(generators)),
  };
  const upwards = ["generators", "distribution", "latency", "failures"] as const;
  return { ...drawn, lowest: upwards.find((name) => drawn[name]) ?? ("load" as const) };
};
