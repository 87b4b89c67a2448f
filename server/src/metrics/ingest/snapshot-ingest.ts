import { createHash } from "node:crypto";
import type { SnapshotInput } from "@load-manager/contract/locust.ts";
import type { LoadTestRun } from "@load-manager/contract/run.ts";
import type { MetricStore, RunEventStore, MetricRecord } from "../../stores/ports.ts";
import { RECORD } from "../codec/batch.ts";
import type { RunAggregateCache } from "../live/run-aggregate-cache.ts";
import { denormalizedTotalsOf } from "../codec/denormalized-totals.ts";
import {
  encodeSample,
  type EndpointDelta,
  endpointId,
  type ErrorCount,
  type ServerSnapshot,
} from "../codec/sample.ts";

type Endpoint = SnapshotInput["requestStats"][string];
type How = { readonly source: "json" | "polled"; readonly at: number; readonly final?: boolean };

const NONE = new Uint8Array(0);
const us = (ms: number | null | undefined): number => Math.max(0, Math.round((ms ?? 0) * 1000));
const sumUs = (endpoint: Endpoint | undefined): number =>
  endpoint === undefined ? 0 : us(endpoint.avgResponseTime) * endpoint.numRequests;

/** A snapshot that names no endpoints is one endpoint. */
const endpointsOf = (snapshot: SnapshotInput): Endpoint[] => {
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

const keyOf = ({ method, name }: Endpoint): string => endpointId(method, name);

/** How many endpoints of a run count by themselves, as in the plugin; the others are one. */
const MOST_ENDPOINTS = 1000;
const OTHER = { method: "", name: "(other)" };

type Fold = (endpoints: readonly Endpoint[]) => Endpoint[];

/** Leaves the endpoints that are known, and new ones while there is room; the same for every later snapshot. */
const foldFor = (known: Iterable<string>, now: readonly Endpoint[]): Fold => {
  const alone = new Set(known);
  for (const key of now.map(keyOf)) if (alone.size < MOST_ENDPOINTS) alone.add(key);
  return (endpoints) => {
    const others = endpoints.filter((one) => !alone.has(keyOf(one)));
    if (others.length === 0) return [...endpoints];
    const sum = (value: (one: Endpoint) => number): number =>
      others.reduce((total, one) => total + value(one), 0);
    const requests = sum((one) => one.numRequests);
    const times = (value: (one: Endpoint) => number | null | undefined): number[] =>
      others.flatMap((one) => value(one) ?? []);
    const other: Endpoint = {
      ...OTHER,
      numRequests: requests,
      numFailures: sum((one) => one.numFailures),
      avgResponseTime:
        requests === 0
          ? null
          : sum((one) => (one.avgResponseTime ?? 0) * one.numRequests) / requests,
      minResponseTime: times((one) => one.minResponseTime).reduce(
        (least, ms) => Math.min(least, ms),
        Infinity,
      ),
      maxResponseTime: times((one) => one.maxResponseTime).reduce(
        (most, ms) => Math.max(most, ms),
        0,
      ),
    };
    const minimum = Number.isFinite(other.minResponseTime) ? other.minResponseTime : null;
    return [
      ...endpoints.filter((one) => alone.has(keyOf(one))),
      { ...other, minResponseTime: minimum },
    ];
  };
};

/** What has been added since the snapshot before; `undefined` where a count has fallen, which means a reset. */
export const difference = (
  before: SnapshotInput | undefined,
  now: SnapshotInput,
  fold: Fold = (endpoints) => [...endpoints],
): EndpointDelta[] | undefined => {
  const known = new Map(
    before === undefined ? [] : fold(endpointsOf(before)).map((one) => [keyOf(one), one]),
  );
  const current = fold(endpointsOf(now));
  if (before !== undefined && now.totalRequests < before.totalRequests) return undefined;
  if (current.some((one) => one.numRequests < (known.get(keyOf(one))?.numRequests ?? 0))) {
    return undefined;
  }
  return current.map((endpoint) => {
    const old = known.get(keyOf(endpoint));
    return {
      id: keyOf(endpoint),
      requests: endpoint.numRequests - (old?.numRequests ?? 0),
      failures: Math.max(0, endpoint.numFailures - (old?.numFailures ?? 0)),
      noTime: 0,
      sumUs: Math.max(0, sumUs(endpoint) - sumUs(old)),
      minUs: us(endpoint.minResponseTime),
      maxUs: us(endpoint.maxResponseTime),
      bytes: 0,
      ok: NONE,
      failed: NONE,
    };
  });
};

/** Errors since the snapshot before; those of endpoints that do not count by themselves are the others'. */
const newErrors = (
  before: SnapshotInput | undefined,
  { errors = [] }: SnapshotInput,
  at: number,
  alone: ReadonlySet<string>,
): ErrorCount[] => {
  const textOf = (one: (typeof errors)[number]): string =>
    `${endpointId(one.method, one.name)} ${one.error}`;
  const known = new Map(before?.errors?.map((one) => [textOf(one), one.occurrences]));
  return errors.flatMap((one) => {
    const count = one.occurrences - (known.get(textOf(one)) ?? 0);
    const own = endpointId(one.method, one.name);
    const id = alone.has(own) ? own : endpointId(OTHER.method, OTHER.name);
    return count > 0 ? { id, error: one.error, count, firstMs: at, lastMs: at } : [];
  });
};

/** Cumulative snapshots become rows like those of the plugin, one after the other per run. */
export const createSnapshotStore = ({
  metrics,
  events,
  aggregates,
}: {
  readonly metrics: MetricStore;
  readonly events: RunEventStore;
  readonly aggregates: RunAggregateCache;
}) => {
  const queues = new Map<string, Promise<void>>();

  const store = async (run: LoadTestRun, snapshot: SnapshotInput, how: How): Promise<void> => {
    const runAggregate = await aggregates.get(run.id);
    const own = [...runAggregate.masterInstances].filter(
      ([, instance]) => instance.snapshot?.source === how.source,
    );
    const [lastKey, last] = own.at(-1) ?? [];
    // Two tellers of the same requests would count them twice: the first one is believed.
    if (runAggregate.masterInstances.size > own.length || last?.final !== undefined) return;
    const fold = foldFor(runAggregate.names.keys(), endpointsOf(snapshot));
    const endpointsNow = fold(endpointsOf(snapshot));
    const continued = difference(last?.snapshot?.snapshot, snapshot, fold);
    const number = continued === undefined || lastKey === undefined ? own.length : own.length - 1;
    const masterInstanceId = createHash("sha256")
      .update(`${run.id} ${how.source} ${number}`)
      .digest("hex")
      .slice(0, 32);
    const seq = continued === undefined || last === undefined ? 1 : last.upTo + 1;
    const endpoints = continued ?? difference(undefined, snapshot, fold) ?? [];
    const second = Math.max(Math.floor(how.at / 1000), last?.snapshot?.second ?? 0);
    const kept: ServerSnapshot = {
      source: how.source,
      fromSecond:
        last?.snapshot === undefined ? second : Math.min(second, last.snapshot.second + 1),
      snapshot,
    };
    const target = run.commandedLoad?.targetUsers ?? run.targetUsers ?? snapshot.currentUsers;
    const base = { runId: run.id, masterInstanceId };
    const rows: MetricRecord[] = [
      {
        ...base,
        seq,
        type: RECORD.snapshot,
        second,
        body: encodeSample({
          second,
          users: { target, real: snapshot.currentUsers },
          worker: how.source,
          endpoints,
          names: endpointsNow.map((one) => ({
            id: keyOf(one),
            method: one.method,
            name: one.name,
          })),
          errors: newErrors(
            continued === undefined ? undefined : last?.snapshot?.snapshot,
            snapshot,
            how.at,
            new Set(endpointsNow.map(keyOf)),
          ),
          snapshot: kept,
        }),
      },
    ];
    if (how.final === true) {
      rows.push({ ...base, seq: seq + 1, type: RECORD.final, second: 0, body: Buffer.from("{}") });
    }
    await metrics.append(rows, (index) =>
      denormalizedTotalsOf(
        run,
        index === 0
          ? { sample: { users: { target, real: snapshot.currentUsers } }, deltas: endpoints }
          : undefined,
      ),
    );
    if (endpointsNow.some((one) => one.name === OTHER.name && one.method === OTHER.method)) {
      const message = `The run has more than ${MOST_ENDPOINTS} endpoints; the further ones are counted together as (other).`;
      const event = { at: how.at, type: "endpoints_capped", message };
      await events.append(run.id, [{ id: `${run.id}:endpoints_capped`, ...event }]);
    }
    await aggregates.add(
      run.id,
      rows.map((row) => ({ row })),
    );
  };

  return (run: LoadTestRun, snapshot: SnapshotInput, how: How): Promise<void> => {
    const before = queues.get(run.id) ?? Promise.resolve();
    const mine = before.then(() => store(run, snapshot, how));
    const settled = mine.catch(() => {});
    queues.set(run.id, settled);
    void settled.then(() => {
      if (queues.get(run.id) === settled) queues.delete(run.id);
    });
    return mine;
  };
};
