import type { SnapshotInput } from "@load-manager/contract/plugin/callbacks.ts";
import { isExact, LIMIT, type Totals } from "./totals.ts";
import {
  type EndpointDelta,
  endpointId,
  type ErrorCount,
  type Sample,
  type SnapshotNote,
  textId,
} from "./sample.ts";

/** One endpoint of a cumulative snapshot; times in ms. */
export type SnapshotEndpoint = SnapshotInput["requestStats"][string];

const NO_HISTOGRAM = new Uint8Array(0);
/** A record holds no larger number. */
const limited = (value: number): number => Math.min(value, LIMIT);
const us = (ms: number | null | undefined): number =>
  limited(Math.max(0, Math.round((ms ?? 0) * 1000)));
const exactSumUs = (endpoint: SnapshotEndpoint): number | undefined => {
  const sum = us(endpoint.avgResponseTime) * endpoint.numRequests;
  return endpoint.avgResponseTime == null || !isExact(sum) ? undefined : sum;
};
/** 0 where it is unknown. */
const sumUs = (endpoint: SnapshotEndpoint): number => exactSumUs(endpoint) ?? 0;
const contentBytesOf = ({ avgContentLength, numRequests }: SnapshotEndpoint): number =>
  limited(Math.round(Math.max(0, avgContentLength ?? 0) * numRequests));
/** Requests whose times nobody knows have none. */
const untimedOf = (endpoint: SnapshotEndpoint, requests: number): number =>
  exactSumUs(endpoint) === undefined ? requests : 0;

export const snapshotEndpointId = ({ method, name }: SnapshotEndpoint): string =>
  endpointId(method, name);

const ALL = { method: "", name: "(all)" };

/** The endpoints of a snapshot. A snapshot that names none is one endpoint, "(all)". */
export const snapshotEndpoints = (snapshot: SnapshotInput): SnapshotEndpoint[] => {
  const named = Object.values(snapshot.requestStats);
  if (named.length > 0 || snapshot.totalRequests === 0) return named;
  return [
    {
      ...ALL,
      numRequests: snapshot.totalRequests,
      numFailures: snapshot.totalFailures,
      avgResponseTime: snapshot.avgResponseMs,
    },
  ];
};

/** How many endpoints of a run are counted separately, as in the plugin; the rest are counted as one. */
export const MAX_ENDPOINTS = 1000;
const OTHER = { method: "", name: "(other)" };

/** The endpoints that stand for others: they are in no snapshot. */
export const COLLECTIVE_ENDPOINTS = [ALL, OTHER].map((one) => ({
  id: endpointId(one.method, one.name),
  ...one,
}));

export type Fold = (endpoints: readonly SnapshotEndpoint[]) => SnapshotEndpoint[];
const noFold: Fold = (endpoints) => [...endpoints];

const sumOf = (endpoints: readonly SnapshotEndpoint[]): SnapshotEndpoint => {
  const sum = (value: (endpoint: SnapshotEndpoint) => number): number =>
    endpoints.reduce((total, endpoint) => total + value(endpoint), 0);
  const requests = sum((endpoint) => endpoint.numRequests);
  const minimums = endpoints.flatMap((endpoint) => endpoint.minResponseTime ?? []);
  const maximums = endpoints.flatMap((endpoint) => endpoint.maxResponseTime ?? []);
  return {
    ...OTHER,
    numRequests: requests,
    numFailures: sum((endpoint) => endpoint.numFailures),
    avgResponseTime:
      requests === 0
        ? null
        : sum((endpoint) => (endpoint.avgResponseTime ?? 0) * endpoint.numRequests) / requests,
    minResponseTime:
      minimums.length === 0 ? null : minimums.reduce((least, ms) => Math.min(least, ms)),
    maxResponseTime: maximums.reduce((most, ms) => Math.max(most, ms), 0),
    avgContentLength:
      requests === 0 ? null : sum((endpoint) => contentBytesOf(endpoint)) / requests,
  };
};

/**
 * Counts endpoints above the limit as "(other)". Endpoints that the run has already stay separate, then new ones in
 * order until MAX_ENDPOINTS is reached; later snapshots of the run therefore fold in the same way.
 */
export const foldFor = (
  recordedIds: Iterable<string>,
  current: readonly SnapshotEndpoint[],
): Fold => {
  const separate = new Set(recordedIds);
  for (const id of current.map(snapshotEndpointId))
    if (separate.size < MAX_ENDPOINTS) separate.add(id);
  return (endpoints) => {
    const isSeparate = (endpoint: SnapshotEndpoint): boolean =>
      separate.has(snapshotEndpointId(endpoint));
    const others = endpoints.filter((endpoint) => !isSeparate(endpoint));
    return others.length === 0 ? [...endpoints] : [...endpoints.filter(isSeparate), sumOf(others)];
  };
};

/** What is counted of an endpoint already. */
type CountedEndpoint = Pick<Totals, "requests" | "failures" | "sumUs" | "bytes">;
export type Counted = ReadonlyMap<string, CountedEndpoint>;
const NOTHING: CountedEndpoint = { requests: 0, failures: 0, sumUs: 0, bytes: 0 };

/** What a snapshot says that its endpoints have counted. */
const countedOf = (snapshot: SnapshotInput, fold: Fold = noFold): Map<string, CountedEndpoint> =>
  new Map(
    fold(snapshotEndpoints(snapshot)).map((endpoint) => [
      snapshotEndpointId(endpoint),
      {
        requests: endpoint.numRequests,
        failures: endpoint.numFailures,
        sumUs: sumUs(endpoint),
        bytes: contentBytesOf(endpoint),
      },
    ]),
  );

/** By how much an endpoint's totals are above what is counted. Totals that have fallen add nothing. */
const riseOf = (endpoint: SnapshotEndpoint, counted: CountedEndpoint): EndpointDelta => {
  const requests = Math.max(0, endpoint.numRequests - counted.requests);
  const above = (value: number, known: number): number =>
    requests === 0 ? 0 : Math.max(0, value - known);
  return {
    id: snapshotEndpointId(endpoint),
    requests,
    failures: Math.max(0, endpoint.numFailures - counted.failures),
    noTime: untimedOf(endpoint, requests),
    sumUs: above(sumUs(endpoint), counted.sumUs),
    minUs: us(endpoint.minResponseTime),
    maxUs: us(endpoint.maxResponseTime),
    bytes: above(contentBytesOf(endpoint), counted.bytes),
    ok: NO_HISTOGRAM,
    failed: NO_HISTOGRAM,
  };
};

export const requestsOf = (items: Iterable<{ readonly requests: number }>): number =>
  [...items].reduce((sum, { requests }) => sum + requests, 0);

/** Reduces deltas so that together they have no more than `most` requests. */
const capped = (deltas: readonly EndpointDelta[], most: number): EndpointDelta[] => {
  const all = requestsOf(deltas);
  if (all <= most) return [...deltas];
  let before = 0;
  return deltas.map((delta) => {
    const upTo = (count: number): number => Math.floor((most * count) / all);
    const requests = upTo(before + delta.requests) - upTo(before);
    before += delta.requests;
    const part = (whole: number): number =>
      delta.requests === 0 ? 0 : Math.floor((whole * requests) / delta.requests);
    const { failures, noTime, sumUs: time, bytes } = delta;
    return {
      ...delta,
      requests,
      failures: part(failures),
      noTime: part(noTime),
      sumUs: part(time),
      bytes: part(bytes),
    };
  });
};

const EMPTY = {
  sumUs: 0,
  minUs: 0,
  maxUs: 0,
  bytes: 0,
  ok: NO_HISTOGRAM,
  failed: NO_HISTOGRAM,
};

/** What a snapshot has in total beyond its endpoints: they may be too many for it. */
const unnamedOf = (
  { totalFailures, requestStats }: SnapshotInput,
  requests: number,
  countedFailures: number,
): EndpointDelta[] => {
  if (requests <= 0) return [];
  const isNameless = Object.keys(requestStats).length === 0;
  const endpoint = isNameless ? ALL : OTHER;
  const id = endpointId(endpoint.method, endpoint.name);
  const failures = Math.min(requests, Math.max(0, totalFailures - countedFailures));
  return [{ ...EMPTY, id, requests, failures, noTime: requests }];
};

/** Whether nobody knows how many it is: it counts at no known time, so that no rate is made of it. */
export const isUnknown = ({ requests, failures }: Pick<EndpointDelta, "requests" | "failures">) =>
  !isExact(requests) || !isExact(failures);

/** What makes the totals of a run unknown where those of a snapshot are, and no endpoint's. */
const unknownOf = (
  { totalRequests, totalFailures, requestStats }: SnapshotInput,
  counted: Counted,
  rises: readonly EndpointDelta[],
): EndpointDelta[] => {
  const all = [...counted.values(), ...rises];
  const missing = (total: number, value: (one: CountedEndpoint) => number): number =>
    isExact(total) || all.some((one) => !isExact(value(one))) ? 0 : LIMIT;
  const requests = missing(totalRequests, (one) => one.requests);
  const failures = missing(totalFailures, (one) => one.failures);
  const endpoint = Object.keys(requestStats).length === 0 ? ALL : OTHER;
  const id = endpointId(endpoint.method, endpoint.name);
  return requests === 0 && failures === 0
    ? []
    : [{ ...EMPTY, id, requests, failures, noTime: requests }];
};

/**
 * What a cumulative snapshot adds to what is counted already, as deltas without histograms. An endpoint whose total has
 * fallen, or that is missing, adds nothing; all endpoints together never have more than the snapshot's own total.
 */
export const riseTo = (
  counted: Counted,
  current: SnapshotInput,
  fold: Fold = noFold,
): EndpointDelta[] => {
  const isNamed = Object.keys(current.requestStats).length > 0;
  const allId = snapshotEndpointId({ ...ALL, numRequests: 0, numFailures: 0 });
  // The totals of a snapshot without endpoints are of all that are counted.
  const isAll = [...counted.keys()].every((id) => id === allId);
  const endpoints = isNamed || isAll ? fold(snapshotEndpoints(current)) : [];
  const rises = endpoints.map((one) =>
    riseOf(one, counted.get(snapshotEndpointId(one)) ?? NOTHING),
  );
  const known = requestsOf(counted.values());
  if (current.totalRequests === 0) return rises;
  if (!isExact(current.totalRequests) || !isExact(current.totalFailures) || rises.some(isUnknown))
    return [...rises, ...unknownOf(current, counted, rises)];
  const most = Math.max(0, current.totalRequests - known);
  const deltas = capped(rises, most);
  const failures = [...counted.values(), ...deltas].reduce((sum, one) => sum + one.failures, 0);
  return [...deltas, ...unnamedOf(current, most - requestsOf(deltas), failures)];
};

/**
 * Where a snapshot stands in its series. "older": the posts have overtaken each other, and a later one is recorded
 * already. "reset": the counts have started again. "lower": they have, or another process has posted it.
 */
export const orderOf = (
  last: Pick<SnapshotNote, "source" | "snapshot">,
  counted: Counted,
  { totalRequests, timestamp }: SnapshotInput,
): "next" | "older" | "reset" | "lower" => {
  const sum = requestsOf(counted.values());
  const most = Math.max(last.snapshot?.totalRequests ?? 0, isExact(sum) ? sum : 0);
  if (totalRequests === 0 || totalRequests >= most) return "next";
  // Whoever looks itself sees one page after the other.
  if (last.source === "polled") return "reset";
  const before = last.snapshot?.timestamp;
  const isOlder = timestamp !== undefined && before !== undefined && timestamp <= before;
  return isOlder ? "older" : "lower";
};

/** Whether a snapshot may be a later one of the same process: none of its totals is lower. */
export const isContinuedBy = (
  before: SnapshotInput | undefined,
  snapshot: SnapshotInput,
): boolean =>
  before !== undefined &&
  snapshot.totalRequests >= before.totalRequests &&
  Object.entries(before.requestStats).every(
    ([key, { numRequests }]) => (snapshot.requestStats[key]?.numRequests ?? 0) >= numRequests,
  );

/** What is counted after some deltas. */
export const countedWith = (counted: Counted, deltas: readonly EndpointDelta[]): Counted => {
  const after = new Map(counted);
  for (const { id, requests, failures, sumUs: time, bytes } of deltas) {
    const known = after.get(id) ?? NOTHING;
    after.set(id, {
      requests: known.requests + requests,
      failures: known.failures + failures,
      sumUs: known.sumUs + time,
      bytes: known.bytes + bytes,
    });
  }
  return after;
};

/** What is counted of the series of a snapshot that is stored. */
export const countedBy = (
  { snapshot, counted = {} }: SnapshotNote,
  fold: Fold = noFold,
): Counted => {
  const all = new Map<string, CountedEndpoint>(
    snapshot === undefined ? [] : countedOf(snapshot, fold),
  );
  for (const [id, [requests, failures, time, bytes]] of Object.entries(counted))
    all.set(id, { requests, failures, sumUs: time, bytes });
  return all;
};

/** What is counted, as far as it differs from what the snapshot itself says. */
export const countedBeside = (
  counted: Counted,
  snapshot: SnapshotInput,
  fold: Fold = noFold,
): NonNullable<SnapshotNote["counted"]> => {
  const said = countedOf(snapshot, fold);
  return Object.fromEntries(
    [...new Set([...said.keys(), ...counted.keys()])].flatMap((id) => {
      const { requests, failures, sumUs: time, bytes } = counted.get(id) ?? NOTHING;
      const own = said.get(id);
      const isSame = own?.requests === requests && own.failures === failures;
      return isSame ? [] : [[id, [requests, failures, time, bytes] as const]];
    }),
  );
};

/**
 * As many of the errors as their endpoints have failures: after a reset a list may still have those from before. A poster
 * that counts no failures at all may list errors nevertheless.
 */
export const withinFailures = (
  errors: readonly ErrorCount[],
  deltas: readonly EndpointDelta[],
  endpoints: readonly SnapshotEndpoint[],
): ErrorCount[] => {
  if (endpoints.every(({ numFailures }) => numFailures === 0)) return [...errors];
  const left = new Map(deltas.map(({ id, failures }) => [id, failures]));
  return errors.flatMap((error) => {
    const count = Math.min(error.count, left.get(error.id) ?? 0);
    left.set(error.id, (left.get(error.id) ?? 0) - count);
    return count === 0 ? [] : { ...error, count };
  });
};

/** Of each error the entry with the most occurrences. */
export const largestCounts = (
  errors: NonNullable<SnapshotInput["errors"]>,
): NonNullable<SnapshotInput["errors"]> => {
  const largest = new Map<string, (typeof errors)[number]>();
  for (const error of errors) {
    const key = JSON.stringify([error.method, error.name, error.error]);
    const known = largest.get(key);
    if (known === undefined || known.occurrences < error.occurrences) largest.set(key, error);
  }
  return [...largest.values()];
};

/** Errors between two snapshots. Those of endpoints that are not counted separately belong to "(other)". */
export const newErrors = (
  previous: Pick<SnapshotInput, "errors"> | undefined,
  { errors = [] }: Pick<SnapshotInput, "errors">,
  separateIds: ReadonlySet<string>,
): { readonly errors: ErrorCount[]; readonly texts: Sample["texts"] } => {
  const keyOf = (error: (typeof errors)[number]): string =>
    `${endpointId(error.method, error.name)} ${error.error}`;
  const previousCounts = new Map(
    previous?.errors?.map((error) => [keyOf(error), error.occurrences]),
  );
  const texts = new Map<string, string>();
  const counts = errors.flatMap((error) => {
    const count = error.occurrences - (previousCounts.get(keyOf(error)) ?? 0);
    if (count <= 0) return [];
    const ownId = endpointId(error.method, error.name);
    const id = separateIds.has(ownId) ? ownId : endpointId(OTHER.method, OTHER.name);
    const text = textId(error.error);
    texts.set(text, error.error);
    return { id, text, count };
  });
  return { errors: counts, texts: [...texts].map(([id, text]) => ({ id, text })) };
};
