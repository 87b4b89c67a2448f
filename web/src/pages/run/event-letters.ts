import type { RunEvent } from "@load-manager/contract/model/run.ts";

/** Events that are said elsewhere, such as each change of a status on the way to Running. */
const QUIET = new Set(["metrics_begin", "worker_connected"]);

export type LetteredEvent = { readonly event: RunEvent; readonly letter: string };

/** A, B, …, Z, AA, AB … */
const letterOf = (index: number): string =>
  index < 26
    ? String.fromCodePoint(65 + index)
    : `${letterOf(Math.floor(index / 26) - 1)}${letterOf(index % 26)}`;

/** The events with their letter, which the charts and the list share, oldest first. */
export const lettersOf = (events: readonly RunEvent[]): LetteredEvent[] =>
  events
    .filter(({ type }) => !QUIET.has(type))
    .map((event, index) => ({ event, letter: letterOf(index) }));
