import type { Metric } from "@load-manager/contract/criteria/expression.ts";
import type { TableCell } from "../codec/rollup-table.ts";
import { withoutExtremes } from "../codec/stats.ts";
import type { Totals } from "../codec/totals.ts";
import { hasPartialExtremes } from "../live/snapshot.ts";
import type { RunAggregate } from "../live/run-aggregate.ts";
import type { Measured } from "./criterion-figures.ts";
import { createLevelSums } from "./run-level.ts";
import { createSlidingMax, createSlidingTotals } from "./sliding.ts";

/** What counts of one second. */
type CountedSecond = {
  readonly totals: Totals | undefined;
  readonly users: number;
  readonly exceptions: readonly TableCell[];
  readonly processes: readonly TableCell[];
};

/** A window that is added up second by second: the last `length` seconds, or all where that is `undefined`. */
export const createSecondsWindow = (length: number | undefined) => {
  const requests = createSlidingTotals();
  const users = createSlidingMax();
  const kept = new Map<number, CountedSecond>();
  const level = createLevelSums();
  let count = 0;
  /** The most requests of any second so far. */
  let busiestRate = 0;

  const push = (at: number, second: CountedSecond): void => {
    count += 1;
    level.add(second, 1);
    if (second.totals !== undefined) requests.add(at, second.totals);
    busiestRate = Math.max(busiestRate, second.totals?.requests ?? 0);
    users.add(at, second.users);
    if (length === undefined) return;
    kept.set(at, second);
    const gone = kept.get(at - length);
    if (gone === undefined) return;
    count -= 1;
    level.add(gone, -1);
    kept.delete(at - length);
    if (gone.totals !== undefined) requests.remove(at - length, gone.totals);
    users.remove(at - length);
  };

  const measured = (metric: Metric, runAggregate: RunAggregate): Measured => {
    const all = requests.view();
    const isOfTables = metric === "exceptions" || metric === "workerCpu";
    const most = users.max() ?? 0;
    return {
      view: hasPartialExtremes(runAggregate) ? all : withoutExtremes(all),
      rate: count > 0 ? all.requests / count : null,
      seconds: count,
      users: most > 0 ? most : null,
      ...(isOfTables ? level.of(runAggregate) : { exceptions: null, workerCpu: null }),
    };
  };

  return {
    push,
    measured,
    beside: () => ({ parts: [], busiestRate }),
    seconds: () => count,
  };
};
