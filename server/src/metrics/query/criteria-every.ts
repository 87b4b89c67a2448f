import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Doubts } from "../../runs/domain/criteria/figures.ts";
import { createEveryJudge } from "../../runs/domain/criteria/judge-window.ts";
import type { Judged } from "../../runs/domain/criteria/judge-figures.ts";
import type { RunAggregate } from "../live/run-aggregate.ts";
import { figuresOf } from "./criterion-figures.ts";
import type { Selection } from "./endpoints.ts";
import { createSecondReader, SECONDS_AT_ONCE } from "./second-reader.ts";
import { createSecondsWindow } from "./seconds-window.ts";
import type { QueryDeps } from "./window.ts";

/**
 * Judges each full window of a load: `first` and `last` are its whole seconds. `undefined` where its seconds are no longer
 * kept.
 */
export const judgeEveryWindow = async (
  deps: QueryDeps,
  input: {
    readonly run: LoadTestRun;
    readonly runAggregate: RunAggregate;
    readonly judged: Judged;
    /** Its endpoints have one key. */
    readonly selection: Selection;
    /** Whether the run has an endpoint that it selects. */
    readonly isKnown: boolean;
    readonly length: number;
    readonly first: number;
    readonly last: number;
    readonly isCutShort: boolean;
    readonly doubtsOf: (fromMs: number, toMs: number) => Doubts;
  },
) => {
  const { run, runAggregate, judged, isKnown, length, first, last } = input;
  const { metric, limit } = judged;
  const withTables = metric === "exceptions" || metric === "workerCpu";
  const readSeconds = createSecondReader(deps, input.selection, withTables);
  const window = createSecondsWindow(length);
  const judge = createEveryJudge(judged);
  for (let from = first; from <= last; from += SECONDS_AT_ONCE) {
    const seconds = await readSeconds(run, from, Math.min(last, from + SECONDS_AT_ONCE - 1));
    if (seconds === undefined) return undefined;
    for (const [second, values] of seconds) {
      const [totals] = values.totals.values();
      window.push(second, { ...values, totals });
      if (window.seconds() < length) continue;
      const [fromMs, toMs] = [(second - length + 1) * 1000, (second + 1) * 1000];
      const measured = window.measured(metric, runAggregate);
      const figures = figuresOf(metric, limit, measured, { ...window.beside(), isKnown });
      judge.add({ fromMs, toMs }, figures, input.doubtsOf(fromMs, toMs));
    }
  }
  return judge.finish(input.isCutShort);
};
