import type { DataPoint } from "@load-manager/contract/api/metrics.ts";
import { type Responses, viewOf, withoutExtremes } from "../codec/stats.ts";
import { hasPartialExtremes } from "../live/snapshot.ts";
import { type PointField, STANDARD_FIELDS } from "./fields.ts";
import type { QueriedWindow } from "./window.ts";

type Times = Pick<QueriedWindow, "window" | "closed" | "step">;
type Charted = Times & Pick<QueriedWindow, "windowAggregate" | "runAggregate">;

/** The starts of a chart's points, in seconds. */
export const startsOf = ({ window, closed, step }: Times): number[] => {
  const starts: number[] = [];
  for (let start = Math.floor(window.from / step) * step; start <= closed; start += step)
    starts.push(start);
  return starts;
};

/**
 * The columns of a chart, in the order of `fields`, with a value for each of `startsOf`. Values of a bucket without samples
 * are null; rates also where no whole second of it lies in the load time.
 */
export const columnsOf = (
  { windowAggregate, runAggregate, ...times }: Charted,
  key: string,
  responses: Responses,
  fields: readonly PointField[],
): (number | null)[][] => {
  const columns: (number | null)[][] = fields.map(() => []);
  const hasExtremes = hasPartialExtremes(runAggregate);
  for (const start of startsOf(times)) {
    const run = windowAggregate.run.get(start);
    const totals = windowAggregate.totals.get(start)?.get(key);
    const view = viewOf(totals === undefined ? [] : [totals], responses);
    const source = {
      view: hasExtremes ? view : withoutExtremes(view),
      responses,
      users: run?.users ?? null,
      targetUsers: run?.target ?? null,
      rated: windowAggregate.rated.get(start)?.get(key) ?? { requests: 0, failures: 0 },
      wholeSeconds: run?.whole ?? 0,
    };
    fields.forEach(({ read }, index) => columns[index]?.push(read(source)));
  }
  return columns;
};

/** The points of a chart with all their fields. */
export const pointsOf = (queried: Charted, key: string, responses: Responses): DataPoint[] => {
  const columns = columnsOf(queried, key, responses, STANDARD_FIELDS);
  return startsOf(queried).map((start, index) => ({
    timestamp: start * 1000,
    // STANDARD_FIELDS has every field of a point.
    ...(Object.fromEntries(
      STANDARD_FIELDS.map(({ name }, column) => [name, columns[column]?.[index] ?? null]),
    ) as Omit<DataPoint, "timestamp">),
  }));
};
