import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Clock } from "../../lib/clock.ts";
import type { RunMetrics } from "../../metrics/run-metrics.ts";
import type { RunEventStore } from "../../stores/model/event-store.ts";
import { POLICY } from "../domain/policy.ts";
import { recordEvent } from "../journal/events.ts";

type SequenceGap = Awaited<ReturnType<RunMetrics["gaps"]>>[number];

/** The gaps that are open: since when (monotonic ms), and whether an event names them. */
export type OpenGaps = Map<
  string,
  { readonly gap: SequenceGap; readonly since: number; recorded: boolean }
>;

type Deps = {
  readonly metrics: Pick<RunMetrics, "gaps">;
  readonly events: RunEventStore;
  readonly clock: Clock;
};

const keyOf = ({ masterInstanceId, fromSeq }: SequenceGap): string =>
  `${masterInstanceId}:${fromSeq}`;

/** Records an event for each range of records that stays missing, and another when it has arrived. */
export const recordGaps = async (
  deps: Deps,
  run: LoadTestRun,
  openGaps: OpenGaps,
): Promise<void> => {
  const { events, clock } = deps;
  const gaps = await deps.metrics.gaps(run.id);
  const now = clock.monotonic();
  for (const gap of gaps) {
    const open = openGaps.get(keyOf(gap)) ?? { gap, since: now, recorded: false };
    openGaps.set(keyOf(gap), open);
    if (open.recorded || now - open.since < POLICY.gapShownMs) continue;
    open.recorded = true;
    await recordEvent(events, run.id, {
      id: `gap:${keyOf(gap)}`,
      at: clock.now(),
      type: "gap",
      message: `Metrics are missing: the records ${gap.fromSeq} to ${gap.toSeq} of a Locust master have not arrived.`,
      data: { ...gap },
    });
  }
  const missing = new Set(gaps.map(keyOf));
  for (const [key, { gap, recorded }] of openGaps) {
    if (missing.has(key)) continue;
    openGaps.delete(key);
    if (!recorded) continue;
    await recordEvent(events, run.id, {
      id: `gap-closed:${key}`,
      at: clock.now(),
      type: "gap_closed",
      message: `The missing metrics have arrived: the records from ${gap.fromSeq} on.`,
      data: { ...gap },
    });
  }
};
