import type { SnapshotInput } from "@load-manager/contract/plugin/callbacks.ts";
import { type EndpointDelta, endpointId, type ErrorCount } from "./sample.ts";

/** One endpoint of a cumulative snapshot; times in ms. */
export type SnapshotEndpoint = SnapshotInput["requestStats"][string];

const NO_HISTOGRAM = new Uint8Array(0);
const us = (ms: number | null | undefined): number => Math.max(0, Math.round((ms ?? 0) * 1000));
const sumUs = (endpoint: SnapshotEndpoint | undefined): number =>
  endpoint === undefined ? 0 : us(endpoint.avgResponseTime) * endpoint.numRequests;

export const snapshotEndpointId = ({ method, name }: SnapshotEndpoint): string =>
  endpointId(method, name);

/** The endpoints of a snapshot. A snapshot that names none is one endpoint, "(all)". */
export const snapshotEndpoints = (snapshot: SnapshotInput): SnapshotEndpoint[] => {
  const named = Object.values(snapshot.requestStats);
  if (named.length > 0 || snapshot.totalRequests === 0) return named;
  return [
    {
      method: "",
      name: "(all)",
      numRequests: snapshot.totalRequests,
      numFailures: snapshot.totalFailures,
      avgResponseTime: snapshot.avgResponseMs,
    },
  ];
};

/** How many endpoints of a run are counted separately, as in the plugin; the rest are counted as one. */
export const MAX_ENDPOINTS = 1000;
const OTHER = { method: "", name: "(other)" };

export const isOther = ({ method, name }: SnapshotEndpoint): boolean =>
  method === OTHER.method && name === OTHER.name;

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

/**
 * What each endpoint did between two cumulative snapshots, as deltas without histograms. `undefined` where a count has
 * fallen: Locust's statistics were reset. `previous` absent: everything in `current`.
 */
export const difference = (
  previous: SnapshotInput | undefined,
  current: SnapshotInput,
  fold: Fold = noFold,
): EndpointDelta[] | undefined => {
  const previousById = new Map(
    previous === undefined
      ? []
      : fold(snapshotEndpoints(previous)).map((one) => [snapshotEndpointId(one), one]),
  );
  const endpoints = fold(snapshotEndpoints(current));
  if (previous !== undefined && current.totalRequests < previous.totalRequests) return undefined;
  const hasFallen = (endpoint: SnapshotEndpoint): boolean =>
    endpoint.numRequests < (previousById.get(snapshotEndpointId(endpoint))?.numRequests ?? 0);
  if (endpoints.some(hasFallen)) return undefined;
  return endpoints.map((endpoint) => {
    const id = snapshotEndpointId(endpoint);
    const before = previousById.get(id);
    return {
      id,
      requests: endpoint.numRequests - (before?.numRequests ?? 0),
      failures: Math.max(0, endpoint.numFailures - (before?.numFailures ?? 0)),
      noTime: 0,
      sumUs: Math.max(0, sumUs(endpoint) - sumUs(before)),
      minUs: us(endpoint.minResponseTime),
      maxUs: us(endpoint.maxResponseTime),
      bytes: 0,
      ok: NO_HISTOGRAM,
      failed: NO_HISTOGRAM,
    };
  });
};

/**
 * Errors between two snapshots, dated `takenAt` (Unix ms). Errors of endpoints that are not counted separately belong to
 * "(other)".
 */
export const newErrors = (
  previous: SnapshotInput | undefined,
  { errors = [] }: SnapshotInput,
  takenAt: number,
  separateIds: ReadonlySet<string>,
): ErrorCount[] => {
  const keyOf = (error: (typeof errors)[number]): string =>
    `${endpointId(error.method, error.name)} ${error.error}`;
  const previousCounts = new Map(
    previous?.errors?.map((error) => [keyOf(error), error.occurrences]),
  );
  return errors.flatMap((error) => {
    const count = error.occurrences - (previousCounts.get(keyOf(error)) ?? 0);
    const ownId = endpointId(error.method, error.name);
    const id = separateIds.has(ownId) ? ownId : endpointId(OTHER.method, OTHER.name);
    return count > 0 ? { id, error: error.error, count, firstMs: takenAt, lastMs: takenAt } : [];
  });
};
