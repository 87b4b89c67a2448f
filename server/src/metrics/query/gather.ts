import type { SampleRow } from "../../stores/ports.ts";
import { decodeSample, eachEndpoint, type EndpointDelta } from "../sample.ts";
import { addDelta, emptyTotals, type Totals } from "../totals.ts";
import type { Seconds } from "./window.ts";

/** One second as all its rows together tell it; rates of snapshots are spread over the seconds they speak of. */
export type SecondFacts = {
  rateRequests: number;
  rateFailures: number;
  users?: number;
  target?: number;
};

export type Gathered = {
  /** By bucket (its first second) and endpoint. */
  readonly buckets: Map<number, Map<string, Totals>>;
  readonly seconds: Map<number, SecondFacts>;
  /** What completed after the load time, by endpoint: it counts in totals, and in no rate. */
  readonly late: Map<string, { requests: number; failures: number }>;
};

type Options = Seconds & {
  /** In seconds; buckets begin at its multiples. Absent: one bucket. */
  readonly step?: number;
  /** Only these endpoints; the others' histograms are not read. */
  readonly only?: ReadonlySet<string> | undefined;
  /** The end of the load time, Unix ms. */
  readonly loadEndMs: number;
  /** Only seconds in which the real users are the target's. */
  readonly steady?: boolean;
};

const secondIn = (gathered: Gathered, second: number): SecondFacts => {
  const known = gathered.seconds.get(second) ?? { rateRequests: 0, rateFailures: 0 };
  gathered.seconds.set(second, known);
  return known;
};

const addLate = ({ late }: Gathered, { id, requests, failures }: EndpointDelta): void => {
  const known = late.get(id) ?? { requests: 0, failures: 0 };
  late.set(id, { requests: known.requests + requests, failures: known.failures + failures });
};

/** Sums the rows of a run over a window, in one pass. */
export const gather = (rows: readonly SampleRow[], options: Options): Gathered => {
  const gathered: Gathered = { buckets: new Map(), seconds: new Map(), late: new Map() };
  const samples = rows.map((row) => decodeSample(row.body));
  const steady = new Set<number>();
  for (const { second, users } of samples) {
    if (users !== undefined && users.real === users.target && users.real > 0) steady.add(second);
  }
  const wanted = (second: number): boolean =>
    second >= options.from &&
    second <= options.to &&
    (options.steady !== true || steady.has(second));
  for (const { second, users, parts, snapshot } of samples) {
    if (!wanted(second)) continue;
    const first = Math.max(options.from, snapshot?.fromSecond ?? second);
    const span = second - first + 1;
    for (let at = first; at <= second; at += 1) {
      const facts = secondIn(gathered, at);
      if (users !== undefined) Object.assign(facts, { users: users.real, target: users.target });
    }
    const bucketAt =
      options.step === undefined ? 0 : Math.floor(second / options.step) * options.step;
    const bucket = gathered.buckets.get(bucketAt) ?? new Map<string, Totals>();
    gathered.buckets.set(bucketAt, bucket);
    for (const part of parts) {
      eachEndpoint(part, (delta) => {
        if (options.only !== undefined && !options.only.has(delta.id)) return;
        const totals = bucket.get(delta.id) ?? emptyTotals();
        bucket.set(delta.id, totals);
        addDelta(totals, delta, second);
        if (second * 1000 >= options.loadEndMs) addLate(gathered, delta);
        for (let at = first; at <= second; at += 1) {
          const facts = secondIn(gathered, at);
          facts.rateRequests += delta.requests / span;
          facts.rateFailures += delta.failures / span;
        }
      });
    }
  }
  return gathered;
};
