import { createHash } from "node:crypto";
import type { SnapshotInput } from "@load-manager/contract/locust.ts";
import type { Scope } from "@load-manager/contract/primitives.ts";
import { RECORD } from "@load-manager/server/metrics/codec/batch.ts";
import {
  encodeSample,
  type EndpointDelta,
  endpointId,
} from "@load-manager/server/metrics/codec/sample.ts";
import { difference } from "@load-manager/server/metrics/codec/snapshot-deltas.ts";
import type { MetricRecord } from "@load-manager/server/stores/ports.ts";
import { type Context, left, made, type Older, type Outcome } from "./entity.ts";
import { Fields } from "../read/fields.ts";
import type { JsonObject } from "../read/json.ts";
import { takeScope } from "./scope.ts";
import { takeSnapshot } from "./snapshot.ts";
import { timeOfId } from "../read/times.ts";

/** Cumulative totals of a run at one time, as they wait to be put in order. */
export type OldMetric = {
  readonly runId: string;
  /** Unix ms. */
  readonly at: number;
  readonly scope: Scope;
  readonly snapshot: SnapshotInput;
  /** What today's rows have no place for, and what was repaired. */
  readonly metadata?: JsonObject;
};

/** The totals that an older document of metrics is. Never throws. */
export const metricOf = (document: Older, { mapping }: Context): Outcome<OldMetric> => {
  const fields = new Fields(document);
  fields.take("_id");
  const runId = fields.id("loadTestRunId", "testRunId", "runId");
  const { mapped } = takeScope(fields, mapping);
  const snapshot = takeSnapshot(fields);
  if (runId === undefined) return left("it names no run");
  if (!mapped.ok) return left(mapped.reason);
  if (snapshot === undefined) return left("there are no figures in it");
  const written = snapshot.timestamp ?? fields.time("createdAt");
  const at = written ?? timeOfId(document["_id"]);
  if (at === undefined) return left("no time is known of it");
  if (written === undefined) fields.repaired.add("time_of_id");
  const { minResponseMs, maxResponseMs, timestamp: _at, ...figures } = snapshot;
  // Today's totals have no place for these two.
  if (minResponseMs !== null) fields.keep("minResponseMs", minResponseMs);
  if (maxResponseMs !== null) fields.keep("maxResponseMs", maxResponseMs);
  const legacy = fields.rest();
  const repaired = [...fields.repaired].toSorted();
  const metadata = {
    ...(Object.keys(legacy).length === 0 ? {} : { legacy }),
    ...(repaired.length === 0 ? {} : { migration: { repaired } }),
  };
  return made(
    {
      runId,
      at,
      scope: mapped.scope,
      snapshot: { ...figures, timestamp: at },
      ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    },
    fields,
  );
};

/** Documents of one run stand together, in the order of their times; of the same time, the one that counts more is later. */
export const orderKey = ({ runId, at, snapshot }: OldMetric, id: string): string =>
  [
    createHash("sha256").update(runId).digest("hex").slice(0, 32),
    String(at).padStart(14, "0"),
    String(snapshot.totalRequests).padStart(16, "0"),
    id,
  ].join(":");

/** What is known of the run that metrics belong to; nothing, where it is gone. */
export type MetricRun = {
  readonly scope: Scope;
  readonly startedAt?: number | undefined;
  readonly targetUsers?: number | undefined;
  readonly ended: boolean;
};

export type MadeRow = {
  readonly row: MetricRecord;
  readonly scope: Scope;
  readonly users: number;
  readonly deltas: readonly EndpointDelta[];
  readonly metadata?: JsonObject;
};

/** A document speaks of the time since the one before, but of no more than this. */
const MOST_SECONDS = 3600;

/** Times that were never measured are no times of 0. */
const timed = (
  delta: EndpointDelta,
  average: ReadonlyMap<string, number | null | undefined>,
): EndpointDelta =>
  average.get(delta.id) == null
    ? { ...delta, noTime: delta.requests, sumUs: 0, minUs: 0, maxUs: 0 }
    : delta;

/** The process that rows are said to be of: the first of a run, and another wherever counts began anew. */
export const masterInstanceIdOf = (runId: string, number: number): string =>
  createHash("sha256").update(`${runId} migrated ${number}`).digest("hex").slice(0, 32);

/** The rows of one run, made of its documents in order; each says what was added since the one before. */
export const rowsOfRun = (runId: string, run: MetricRun | undefined) => {
  let before: SnapshotInput | undefined;
  let lastSecond: number | undefined;
  let masterInstances = 0;
  let masterInstanceId = "";
  let seq = 0;
  let scope: Scope | undefined;
  /** Totals without endpoints; whether these ever come is not known yet. */
  let held: OldMetric[] = [];
  let named = false;
  const begin = (): void => {
    masterInstances += 1;
    seq = 0;
    masterInstanceId = masterInstanceIdOf(runId, masterInstances);
  };
  const final = (of: Scope): MadeRow => ({
    row: {
      runId,
      masterInstanceId,
      seq: seq + 1,
      type: RECORD.final,
      second: 0,
      body: Buffer.from("{}"),
    },
    scope: of,
    users: 0,
    deltas: [],
  });

  /** `untold`: what it counts is counted under the endpoints of another. */
  const rowsOf = (metric: OldMetric, untold: boolean): MadeRow[] => {
    const { snapshot, metadata } = metric;
    scope = run?.scope ?? scope ?? metric.scope;
    const second = Math.max(Math.floor(metric.at / 1000), lastSecond ?? 0);
    const fallen = before !== undefined && snapshot.totalRequests < before.totalRequests;
    const added = untold && !fallen ? [] : difference(before, snapshot);
    const continues = lastSecond !== undefined && added !== undefined;
    const closed = lastSecond !== undefined && !continues ? [final(scope)] : [];
    if (!continues) begin();
    seq += 1;
    const started = run?.startedAt === undefined ? second : Math.floor(run.startedAt / 1000);
    const from = lastSecond === undefined ? started : lastSecond + 1;
    const fromSecond = Math.min(second, Math.max(from, second - MOST_SECONDS));
    const whole = { method: "", name: "(all)", avgResponseTime: snapshot.avgResponseMs };
    const own = Object.values(snapshot.requestStats);
    const endpoints = own.length > 0 ? own : untold || snapshot.totalRequests === 0 ? [] : [whole];
    const average = new Map(
      endpoints.map((one) => [endpointId(one.method, one.name), one.avgResponseTime]),
    );
    const all = added ?? (untold ? [] : difference(undefined, snapshot)) ?? [];
    const deltas = all.map((delta) => timed(delta, average));
    if (!untold) before = snapshot;
    else if (fallen) before = undefined;
    lastSecond = second;
    const users = snapshot.currentUsers;
    return [
      ...closed,
      {
        row: {
          runId,
          masterInstanceId,
          seq,
          type: RECORD.snapshot,
          second,
          body: encodeSample({
            second,
            users: { target: run?.targetUsers ?? users, real: users },
            worker: "json",
            endpoints: deltas,
            names: endpoints.map(({ method, name }) => ({
              id: endpointId(method, name),
              method,
              name,
            })),
            snapshot: { source: "json", fromSecond, snapshot },
          }),
        },
        scope,
        users,
        deltas,
        ...(metadata === undefined ? {} : { metadata }),
      },
    ];
  };

  const release = (untold: boolean): MadeRow[] => {
    const waiting = held;
    held = [];
    return waiting.flatMap((metric) => rowsOf(metric, untold));
  };

  return {
    /** None yet, where it names no endpoint; and more than one where counts began anew: the process before is closed. */
    add: (metric: OldMetric): MadeRow[] => {
      const { requestStats, totalRequests } = metric.snapshot;
      const nameless = Object.keys(requestStats).length === 0;
      const bare = nameless && totalRequests > 0;
      named ||= !nameless;
      if (!named && (bare || held.length > 0)) {
        held.push(metric);
        return [];
      }
      return [...(named ? release(true) : []), ...rowsOf(metric, bare)];
    },
    /** What closes a run that has ended, or is gone. */
    end: (): MadeRow[] => {
      const last = release(false);
      return scope === undefined || run?.ended === false ? last : [...last, final(scope)];
    },
  };
};
