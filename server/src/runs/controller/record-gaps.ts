import type { LoadTestRun } from "@load-manager/contract/run.ts";
import type { RunDeps } from "../deps.ts";
import { recordEvent } from "../journal/events.ts";

/** Record numbers of one master process that have not arrived, though later ones have; both ends included. */
export type Gap = {
  readonly masterInstanceId: string;
  readonly fromSeq: number;
  readonly toSeq: number;
};

/** Since when each gap is known, on the monotonic clock; and whether it has been told. */
export type KnownGaps = Map<string, { readonly gap: Gap; readonly since: number; told: boolean }>;

/** Records may overtake each other for a moment. */
const SHOWN_AFTER_MS = 10_000;

const keyOf = ({ masterInstanceId, fromSeq }: Gap): string => `${masterInstanceId}:${fromSeq}`;

/** Tells a gap that stays, and its end. */
export const recordGaps = async (
  deps: RunDeps,
  run: LoadTestRun,
  known: KnownGaps,
): Promise<void> => {
  const gaps = await deps.figures.gaps(run.id);
  const mono = deps.clock.monotonic();
  for (const gap of gaps) {
    const at = known.get(keyOf(gap)) ?? { gap, since: mono, told: false };
    known.set(keyOf(gap), at);
    if (at.told || mono - at.since < SHOWN_AFTER_MS) continue;
    at.told = true;
    const { masterInstanceId, fromSeq, toSeq } = gap;
    await recordEvent(deps.stores.events, run.id, {
      id: `gap:${keyOf(gap)}`,
      at: deps.clock.now(),
      type: "gap",
      message: `Stats are missing: the records ${fromSeq} to ${toSeq} of a Locust master have not arrived.`,
      data: { masterInstanceId, fromSeq, toSeq },
    });
  }
  const open = new Set(gaps.map(keyOf));
  for (const [key, { gap, told }] of known) {
    if (open.has(key)) continue;
    known.delete(key);
    if (!told) continue;
    await recordEvent(deps.stores.events, run.id, {
      id: `gap-closed:${key}`,
      at: deps.clock.now(),
      type: "gap_closed",
      message: `The missing figures have arrived: the records from ${gap.fromSeq} on.`,
      data: { ...gap },
    });
  }
};
