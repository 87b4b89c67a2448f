import type { SampleRow } from "../stores/ports.ts";
import { RECORD } from "./batch.ts";
import { decodeFinal, decodeOpen, type Final, type Open } from "./records.ts";
import { decodeSample, eachEndpoint, type ServerSnapshot } from "./sample.ts";
import { addDelta, emptyTotals, type Totals } from "./totals.ts";

type Boot = {
  /** Every seq up to here has been seen; those beyond it are in `beyond`. */
  upTo: number;
  readonly beyond: Set<number>;
  open?: Open;
  final?: Final & { readonly seq: number };
  dropped: boolean;
  /** Newest snapshot that the server itself stored under this boot. */
  snapshot?: ServerSnapshot & { readonly second: number };
};

type Second = { requests: number; failures: number; users?: number | undefined };

/** Everything about a run that its rows have told so far. The same row twice counts once; their order does not matter. */
export type Accumulator = {
  readonly boots: Map<string, Boot>;
  readonly names: Map<string, { readonly method: string; readonly name: string }>;
  readonly endpoints: Map<string, Totals>;
  readonly seconds: Map<number, Second>;
  requests: number;
  maxUsers: number;
  lastSecond: number;
};

export const emptyAccumulator = (): Accumulator => ({
  boots: new Map(),
  names: new Map(),
  endpoints: new Map(),
  seconds: new Map(),
  requests: 0,
  maxUsers: 0,
  lastSecond: 0,
});

const bootOf = (accumulator: Accumulator, key: string): Boot => {
  const known = accumulator.boots.get(key);
  if (known !== undefined) return known;
  const boot: Boot = { upTo: 0, beyond: new Set(), dropped: false };
  accumulator.boots.set(key, boot);
  return boot;
};

const isNew = (boot: Boot, seq: number): boolean => {
  if (seq <= boot.upTo || boot.beyond.has(seq)) return false;
  boot.beyond.add(seq);
  while (boot.beyond.delete(boot.upTo + 1)) boot.upTo += 1;
  return true;
};

const addSample = (accumulator: Accumulator, boot: Boot, row: SampleRow): void => {
  const sample = decodeSample(row.body);
  const { second } = sample;
  for (const { id, method, name } of sample.names) accumulator.names.set(id, { method, name });
  const at = accumulator.seconds.get(second) ?? { requests: 0, failures: 0 };
  accumulator.seconds.set(second, at);
  if (sample.users !== undefined) {
    at.users = sample.users.real;
    accumulator.maxUsers = Math.max(accumulator.maxUsers, sample.users.real);
  }
  accumulator.lastSecond = Math.max(accumulator.lastSecond, second);
  for (const part of sample.parts) {
    eachEndpoint(part, (delta) => {
      const totals = accumulator.endpoints.get(delta.id) ?? emptyTotals();
      accumulator.endpoints.set(delta.id, totals);
      addDelta(totals, delta, second);
      at.requests += delta.requests;
      at.failures += delta.failures;
      accumulator.requests += delta.requests;
    });
  }
  if (sample.snapshot !== undefined && second >= (boot.snapshot?.second ?? 0)) {
    boot.snapshot = { ...sample.snapshot, second };
  }
};

export const addRow = (accumulator: Accumulator, row: SampleRow): void => {
  const boot = bootOf(accumulator, `${row.attempt}:${row.boot}`);
  if (!isNew(boot, row.seq)) return;
  if (row.type === RECORD.sample) addSample(accumulator, boot, row);
  else if (row.type === RECORD.open) boot.open = decodeOpen(row.body);
  else if (row.type === RECORD.final) boot.final = { ...decodeFinal(row.body), seq: row.seq };
  else if (row.type === RECORD.dropped) boot.dropped = true;
};

/** Has every process handed in all it had? What Locust's own pages gave is as whole as they are. */
export const finalsOf = (
  accumulator: Accumulator,
): { readonly boots: number; readonly complete: boolean } => {
  const boots = [...accumulator.boots.values()];
  const whole = (boot: Boot): boolean => {
    if (boot.snapshot?.source === "polled") return true;
    return boot.final !== undefined && boot.upTo >= boot.final.seq && !boot.dropped;
  };
  return { boots: boots.length, complete: boots.every(whole) };
};

/** As above, and no worker is missing whose last report never came. */
export const isComplete = (accumulator: Accumulator): boolean =>
  finalsOf(accumulator).complete &&
  [...accumulator.boots.values()].every(({ final }) => {
    if (final === undefined) return true;
    const { workersExpected, workersReported } = final;
    return workersExpected == null || workersReported == null || workersReported >= workersExpected;
  });

/** Workers as the masters told at the end. */
export const workersOf = (
  accumulator: Accumulator,
): { readonly expected: number | null; readonly lost: number } => {
  const boots = [...accumulator.boots.values()];
  const expected = boots.map(
    ({ final, open }) => final?.workersExpected ?? open?.workers.length ?? 0,
  );
  const lost = boots.map(({ final }) => final?.workersLost ?? 0);
  const most = Math.max(0, ...expected);
  return { expected: most === 0 ? null : most, lost: Math.max(0, ...lost) };
};
