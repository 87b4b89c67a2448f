import { RECORD } from "./batch.ts";
import { rollupStart } from "./rollup.ts";
import {
  decodeSample,
  type EndpointDelta,
  endpointsOf,
  type ErrorCount,
  type Sample,
} from "./sample.ts";

/**
 * Locust's page shows the workers' reports of every 3 s, keeps an answer for 2 s or longer, and is polled every 2 s. So what it
 * shows for the first time has completed within the last few seconds, and a page that has not changed for as long stands still.
 */
export const SPREAD_SECONDS = 6;

/** What was counted over some seconds, not known which of them. */
export type Counted = {
  readonly deltas: readonly EndpointDelta[];
  readonly errors: readonly ErrorCount[];
};

/** How much of a whole number lies in the first `done` of `all` equal parts, rounded down. */
const upTo = (whole: number, done: number, all: number): number =>
  done >= all ? whole : Math.floor((whole * done) / all);

/** The errors of an endpoint follow its failures, one after the other, so that together they are as many. */
const errorShares = (
  { deltas, errors }: Counted,
  part: (whole: number, requests: number) => number,
): ErrorCount[] => {
  const counted = new Map<string, number>();
  const requests = new Map(deltas.map((delta) => [delta.id, delta.requests]));
  return errors.flatMap((error) => {
    const before = counted.get(error.id) ?? 0;
    counted.set(error.id, before + error.count);
    const of = requests.get(error.id) ?? 0;
    const count = part(before + error.count, of) - part(before, of);
    return count === 0 ? [] : { ...error, count };
  });
};

/** The parts that some seconds have of counts: of each, how much lies before it. The last entry is the whole. */
export type Parts = readonly number[];

/** The parts of `seconds` seconds; `weights` absent, or without any weight: all the same. */
export const partsOf = (seconds: number, weights?: readonly number[]): Parts => {
  const isWeighted = weights?.some((weight) => weight > 0) === true;
  const parts = [0];
  for (let index = 0; index < seconds; index += 1)
    parts.push((parts[index] ?? 0) + (isWeighted ? (weights[index] ?? 0) : 1));
  return parts;
};

/**
 * The share that the seconds `begin` to `end` (not included) have of what was counted. Requests follow the parts; all else
 * follows the requests, so that no second has more failures than requests. All shares add up to the whole.
 */
export const shareOf = (
  { deltas, errors }: Counted,
  parts: Parts,
  begin: number,
  end: number,
): Counted => {
  const all = parts.at(-1) ?? 0;
  const isLast = end >= parts.length - 1;
  const before = (whole: number, second: number): number => upTo(whole, parts[second] ?? all, all);
  const part = (whole: number, requests: number): number => {
    // Without requests nothing tells the seconds apart.
    if (requests === 0) return isLast ? whole : 0;
    const [from, to] = [before(requests, begin), isLast ? requests : before(requests, end)];
    return upTo(whole, to, requests) - upTo(whole, from, requests);
  };
  return {
    deltas: deltas.flatMap((delta) => {
      const of = (whole: number): number => part(whole, delta.requests);
      const [requests, failures] = [of(delta.requests), of(delta.failures)];
      if (requests === 0 && failures === 0) return [];
      const [noTime, sumUs, bytes] = [of(delta.noTime), of(delta.sumUs), of(delta.bytes)];
      return { ...delta, requests, failures, noTime, sumUs, bytes };
    }),
    errors: errorShares({ deltas, errors }, part),
  };
};

/** A sample for each second that a snapshot's record covers or has counts of. */
const samplesOfSnapshot = (sample: Sample): Sample[] => {
  const { second, snapshot, users, usersSection, errors } = sample;
  if (snapshot === undefined) return [sample];
  const { fromSecond, countsFrom = fromSecond, weights } = snapshot;
  // Records that were stored before they were split may begin in an earlier window.
  const first = Math.min(second, Math.max(countsFrom, rollupStart(second)));
  const parts = partsOf(second - first + 1, weights);
  const counted: Counted = { deltas: endpointsOf(sample), errors };
  const start = Math.min(first, Math.max(fromSecond, rollupStart(second)));
  return Array.from({ length: second - start + 1 }, (_, offset) => {
    const at = start + offset;
    const isLast = at === second;
    const share =
      at < first ? { deltas: [], errors: [] } : shareOf(counted, parts, at - first, at - first + 1);
    return {
      second: at,
      parts: [],
      names: isLast ? sample.names : [],
      texts: isLast ? sample.texts : [],
      exceptions: isLast ? sample.exceptions : [],
      ...share,
      ...(at < fromSecond || users === undefined ? {} : { users }),
      ...(at < fromSecond || usersSection === undefined ? {} : { usersSection }),
      ...(isLast ? { snapshot } : {}),
    };
  });
};

/** The samples of a record, ascending; several where it is of a snapshot that covers several seconds. Throws AppError validation. */
export const samplesOf = ({
  type,
  body,
}: {
  readonly type: number;
  readonly body: Uint8Array;
}): Sample[] => {
  if (type === RECORD.sample) return [decodeSample(body)];
  return type === RECORD.snapshot ? samplesOfSnapshot(decodeSample(body)) : [];
};
