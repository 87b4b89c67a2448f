import { createHash } from "node:crypto";
import type { SnapshotInput } from "@load-manager/contract/locust.ts";
import type { Scope } from "@load-manager/contract/primitives.ts";
import { RECORD } from "../metrics/batch.ts";
import { encodeSample, type EndpointDelta, endpointId } from "../metrics/sample.ts";
import { difference } from "../metrics/store-snapshot.ts";
import type { SampleRow } from "../stores/ports.ts";
import { type Context, left, made, type Older, type Outcome } from "./entity.ts";
import { Fields } from "./fields.ts";
import type { JsonObject } from "./json.ts";
import { takeScope } from "./scope.ts";
import { takeSnapshot } from "./snapshot.ts";
import { timeOfId } from "./times.ts";

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
  readonly row: SampleRow;
  readonly scope: Scope;
  readonly users: number;
  readonly deltas: readonly EndpointDelta[];
  readonly metadata?: JsonObject;
};

/** A document speaks of the time since the one before, but of no more than this. */
const MOST_SECONDS = 3600;
const ATTEMPT = 1;

/** Times that were never measured are no times of 0. */
const timed = (
  delta: EndpointDelta,
  average: ReadonlyMap<string, number | null | undefined>,
): EndpointDelta =>
  average.get(delta.id) == null
    ? { ...delta, noTime: delta.requests, sumUs: 0, minUs: 0, maxUs: 0 }
    : delta;

/** The process that rows are said to be of: the first of a run, and another wherever counts began anew. */
export const bootOf = (runId: string, number: number): string =>
  createHash("sha256").update(`${runId} migrated ${number}`).digest("hex").slice(0, 32);

/** The rows of one run, made of its documents in order; each says what was added since the one before. */
export const rowsOfRun = (runId: string, run: MetricRun | undefined) => {
  let before: { readonly snapshot: SnapshotInput; readonly second: number } | undefined;
  let boots = 0;
  let boot = "";
  let seq = 0;
  let scope: Scope | undefined;
  const begin = (): void => {
    boots += 1;
    seq = 0;
    boot = bootOf(runId, boots);
  };
  const final = (of: Scope): MadeRow => ({
    row: {
      runId,
      attempt: ATTEMPT,
      boot,
      seq: seq + 1,
      type: RECORD.final,
      second: 0,
      body: Buffer.from("{}"),
    },
    scope: of,
    users: 0,
    deltas: [],
  });

  return {
    /** More than one row where the counts began anew: the process before is closed. */
    add: (metric: OldMetric): MadeRow[] => {
      const { snapshot, metadata } = metric;
      scope = run?.scope ?? scope ?? metric.scope;
      const second = Math.max(Math.floor(metric.at / 1000), before?.second ?? 0);
      const continued = before === undefined ? undefined : difference(before.snapshot, snapshot);
      const closed = before !== undefined && continued === undefined ? [final(scope)] : [];
      if (continued === undefined) begin();
      seq += 1;
      const started = run?.startedAt === undefined ? second : Math.floor(run.startedAt / 1000);
      const from = before === undefined ? started : before.second + 1;
      const fromSecond = Math.min(second, Math.max(from, second - MOST_SECONDS));
      const named = Object.values(snapshot.requestStats);
      const whole = { method: "", name: "(all)", avgResponseTime: snapshot.avgResponseMs };
      const endpoints = named.length > 0 || snapshot.totalRequests === 0 ? named : [whole];
      const average = new Map(
        endpoints.map((one) => [endpointId(one.method, one.name), one.avgResponseTime]),
      );
      const deltas = (continued ?? difference(undefined, snapshot) ?? []).map((delta) =>
        timed(delta, average),
      );
      before = { snapshot, second };
      const users = snapshot.currentUsers;
      return [
        ...closed,
        {
          row: {
            runId,
            attempt: ATTEMPT,
            boot,
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
    },
    /** What closes a run that has ended, or is gone. */
    end: (): MadeRow[] => (scope === undefined || run?.ended === false ? [] : [final(scope)]),
  };
};
