import type { SnapshotInput } from "@load-manager/contract/plugin/callbacks.ts";
import type { RunSummary } from "@load-manager/contract/model/stats.ts";
import { addRange, type Range } from "@load-manager/server/metrics/codec/ranges.ts";
import { RECORD } from "@load-manager/server/metrics/codec/batch.ts";
import { decodeSample } from "@load-manager/server/metrics/codec/sample.ts";
import { statsOf, viewOf } from "@load-manager/server/metrics/codec/stats.ts";
import { addDelta, emptyTotals } from "@load-manager/server/metrics/codec/totals.ts";
import type { KnownRun } from "./metric-run.ts";
import type { ConvertedRecord } from "./metrics.ts";

/** The summary of an ended run from its records, as today's server answers it. */
export const createRunSummary = () => {
  const totals = emptyTotals();
  const covered: Range[] = [];
  let untimed = 0;
  let maxUsers = 0;
  let newest: SnapshotInput | undefined;

  const add = ({ record, deltas, users }: ConvertedRecord): void => {
    const isUntimed = record.type === RECORD.untimed;
    if (record.type !== RECORD.snapshot && !isUntimed) return;
    const note = decodeSample(record.body).snapshot;
    newest = note?.snapshot ?? newest;
    for (const delta of deltas) {
      addDelta(totals, delta, record.second);
      if (isUntimed) untimed += delta.requests;
    }
    if (isUntimed) return;
    maxUsers = Math.max(maxUsers, users);
    addRange(covered, Math.min(record.second, note?.fromSecond ?? record.second), record.second);
  };

  return {
    add,
    /** `undefined` where there are no records. */
    summary: (end: { readonly from?: number; readonly to?: number }): RunSummary | undefined => {
      if (newest === undefined) return undefined;
      const [first, last] = [covered[0]?.[0], covered.at(-1)?.[1]];
      const seconds = first === undefined || last === undefined ? 0 : last + 1 - first;
      const rate = seconds === 0 ? null : (totals.requests - untimed) / seconds;
      const { p50ResponseMs = null, p95ResponseMs = null, p99ResponseMs = null } = newest;
      const between = covered.slice(1).map(([from], index) => ({
        from: ((covered[index]?.[1] ?? from) + 1) * 1000,
        to: from * 1000,
      }));
      const open = last === undefined ? end.from : (last + 1) * 1000;
      const atEnd =
        untimed === 0 || open === undefined || end.to === undefined || open >= end.to
          ? []
          : [{ from: open, to: end.to }];
      return {
        ...statsOf(viewOf([totals], "all"), rate),
        p50ResponseMs,
        p95ResponseMs,
        p99ResponseMs,
        maxUsers,
        complete: untimed === 0,
        gaps: [...between, ...atEnd],
        workers: { expected: null, lost: null },
      };
    },
  };
};

/** The summary of a run from its records; `undefined` where the run keeps the one that it has. */
export const summaryFor = (
  run: KnownRun | undefined,
  { summary }: ReturnType<typeof createRunSummary>,
): RunSummary | undefined => {
  if (run?.isOlder !== true || !run.ended) return undefined;
  const { startedAt: from, finishedAt: to } = run;
  return summary({
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  });
};
