import { createHash } from "node:crypto";
import type { SnapshotInput } from "@load-manager/contract/plugin/callbacks.ts";
import type { Scope } from "@load-manager/contract/model/primitives.ts";
import { RECORD } from "@load-manager/server/metrics/codec/batch.ts";
import { type EndpointDelta, endpointId } from "@load-manager/server/metrics/codec/sample.ts";
import {
  snapshotRecords,
  untimedRecord,
} from "@load-manager/server/metrics/codec/snapshot-record.ts";
import {
  COLLECTIVE_ENDPOINTS,
  type Counted,
  countedBeside,
  countedWith,
  requestsOf,
  riseTo,
} from "@load-manager/server/metrics/codec/snapshot-deltas.ts";
import type { MetricRecord } from "@load-manager/server/stores/model/metric-store.ts";
import { type Context, converted, left, type Older, type Outcome } from "./entity.ts";
import { Fields } from "../read/fields.ts";
import type { JsonObject } from "../read/json.ts";
import { takeScope } from "./scope.ts";
import { takeSnapshot } from "./snapshot.ts";
import { timeOfId } from "../read/times.ts";

/** A snapshot: the cumulative totals of a run at one time. */
export type OldMetric = {
  readonly runId: string;
  /** Unix ms. */
  readonly at: number;
  readonly scope: Scope;
  readonly snapshot: SnapshotInput;
  /** Fields without a place in today's records, and repairs. */
  readonly metadata?: JsonObject;
};

/** Converts an older metrics document. Never throws. */
export const metricOf = (document: Older, { mapping }: Context): Outcome<OldMetric> => {
  const fields = new Fields(document);
  fields.take("_id");
  const runId = fields.id("loadTestRunId", "testRunId", "runId");
  const mapped = takeScope(fields, mapping);
  const snapshot = takeSnapshot(fields);
  if (runId === undefined) return left("it names no run");
  if (!mapped.ok) return left(mapped.reason);
  if (snapshot === undefined) return left("it has no metrics");
  const written = snapshot.timestamp ?? fields.time("createdAt");
  const at = written ?? timeOfId(document["_id"]);
  if (at === undefined) return left("it has no known time");
  if (written === undefined) fields.repaired.add("time_of_id");
  const { minResponseMs, maxResponseMs, timestamp: _at, ...totals } = snapshot;
  // Today's snapshots have no fields for these two.
  if (minResponseMs !== null) fields.keep("minResponseMs", minResponseMs);
  if (maxResponseMs !== null) fields.keep("maxResponseMs", maxResponseMs);
  const legacy = fields.rest();
  const repaired = [...fields.repaired].toSorted();
  const metadata = {
    ...(Object.keys(legacy).length === 0 ? {} : { legacy }),
    ...(repaired.length === 0 ? {} : { migration: { repaired } }),
  };
  return converted(
    {
      runId,
      at,
      scope: mapped.scope,
      snapshot: { ...totals, timestamp: at },
      ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    },
    fields,
  );
};

/**
 * Sorts by the id of the run, then by time; at the same time the snapshot with more requests is the later one. The id is in
 * hexadecimal digits, so that no id contains the separator, which comes before every digit.
 */
export const orderKey = ({ runId, at, snapshot }: OldMetric, id: string): string =>
  [
    Buffer.from(runId).toString("hex"),
    String(at).padStart(14, "0"),
    String(snapshot.totalRequests).padStart(16, "0"),
    id,
  ].join(" ");

/** The run that metrics belong to; `undefined` fields are unknown. */
export type MetricRun = {
  readonly scope: Scope;
  readonly startedAt?: number | undefined;
  readonly finishedAt?: number | undefined;
  readonly targetUsers?: number | undefined;
  readonly ended: boolean;
  /** The run's last totals. */
  readonly last?: LastTotals | undefined;
};

type LastTotals = Pick<OldMetric, "at" | "snapshot">;

export type ConvertedRecord = {
  readonly record: MetricRecord;
  readonly scope: Scope;
  readonly users: number;
  readonly deltas: readonly EndpointDelta[];
  readonly metadata?: JsonObject;
};

type Endpoint = Pick<SnapshotInput["requestStats"][string], "method" | "name" | "avgResponseTime">;

/** Clocks of two machines may differ by this. */
const MOST_APART_MS = 60_000;

/** When a snapshot was taken. A time far outside of the run cannot be true, and would stretch it. */
const timeWithin = (run: MetricRun | undefined, at: number): number => {
  const { startedAt, finishedAt } = run ?? {};
  if (startedAt !== undefined && at < startedAt - MOST_APART_MS) return startedAt;
  return finishedAt !== undefined && at > finishedAt + MOST_APART_MS ? finishedAt : at;
};

/** A snapshot covers the time since the one before, at most this long. */
const MOST_SECONDS = 3600;

/** Where the average of an endpoint is unknown, its requests have no time; a time of 0 would count as measured. */
const withoutUnknownTimes = (
  deltas: readonly EndpointDelta[],
  endpoints: readonly Endpoint[],
): EndpointDelta[] => {
  const averages = new Map(
    endpoints.map((one) => [endpointId(one.method, one.name), one.avgResponseTime]),
  );
  return deltas.map((delta) =>
    averages.get(delta.id) == null
      ? { ...delta, noTime: delta.requests, sumUs: 0, minUs: 0, maxUs: 0 }
      : delta,
  );
};

/** The id of the master instance of migrated records, which have none: number 1, and the next number after each reset of the counts. */
const masterInstanceIdOf = (runId: string, number: number): string =>
  createHash("sha256").update(`${runId} migrated ${number}`).digest("hex").slice(0, 32);

const finalRecord = (
  at: Pick<MetricRecord, "runId" | "masterInstanceId" | "seq">,
  scope: Scope,
) => ({
  record: { ...at, type: RECORD.final, second: 0, body: Buffer.from("{}") },
  scope,
  users: 0,
  deltas: [],
});

/** The endpoints of a snapshot. The totals of one without endpoints are those of `(all)`, where they count. */
const endpointsOf = (snapshot: SnapshotInput, totalsCount: boolean): Endpoint[] => {
  const named = Object.values(snapshot.requestStats);
  if (named.length > 0) return named;
  if (!totalsCount || snapshot.totalRequests === 0) return [];
  return [{ method: "", name: "(all)", avgResponseTime: snapshot.avgResponseMs }];
};

/** The endpoints of a snapshot, and those that stand for others where they have some of the counts. */
const countedEndpoints = (
  snapshot: SnapshotInput,
  totalsCount: boolean,
  deltas: readonly EndpointDelta[],
): Endpoint[] => {
  const named = endpointsOf(snapshot, totalsCount);
  const isNamed = (id: string): boolean =>
    named.some((one) => endpointId(one.method, one.name) === id);
  const collective = COLLECTIVE_ENDPOINTS.filter(
    ({ id }) => !isNamed(id) && deltas.some((delta) => delta.id === id),
  );
  return [...named, ...collective];
};

const namesOf = (endpoints: readonly Endpoint[]) =>
  endpoints.map(({ method, name }) => ({ id: endpointId(method, name), method, name }));

const NOTHING_ADDED = { deltas: [], beside: undefined };

/** What is counted of the snapshots of a run. */
const createTally = () => {
  /** Since the last reset; and the most that was reported since. */
  let counted: Counted = new Map();
  let reported = 0;
  let whole: Counted = new Map();
  return {
    hasFallen: ({ totalRequests }: SnapshotInput): boolean =>
      totalRequests > 0 && totalRequests < Math.max(reported, requestsOf(counted.values())),
    restart: (): void => {
      counted = new Map();
      reported = 0;
    },
    /** What a snapshot adds, and what is counted then beside what it says. */
    add: (snapshot: SnapshotInput) => {
      const deltas = riseTo(counted, snapshot);
      counted = countedWith(counted, deltas);
      whole = countedWith(whole, deltas);
      if (snapshot.totalRequests > 0) reported = snapshot.totalRequests;
      const beside = countedBeside(counted, snapshot);
      return { deltas, ...(Object.keys(beside).length === 0 ? {} : { beside }) };
    },
    /** What totals have beyond all that was counted. */
    beyond: (snapshot: SnapshotInput): EndpointDelta[] => riseTo(whole, snapshot),
  };
};

/** Converts the snapshots of one run, in order, into records; each has the difference from the snapshot before. */
const recordWriter = (runId: string, run: MetricRun | undefined) => {
  const tally = createTally();
  let lastSecond: number | undefined;
  let instances = 0;
  let seq = 0;
  let scope: Scope | undefined = run?.scope;
  const at = () => ({ runId, masterInstanceId: masterInstanceIdOf(runId, instances), seq });
  const final = (of: Scope): ConvertedRecord => finalRecord({ ...at(), seq: seq + 1 }, of);

  const fromSecondOf = (second: number): number => {
    const started = run?.startedAt === undefined ? second : Math.floor(run.startedAt / 1000);
    const from = lastSecond === undefined ? started : lastSecond + 1;
    return Math.min(second, Math.max(from, second - MOST_SECONDS));
  };

  return {
    /** `totalsCount` is false where other snapshots count the same requests under endpoints. */
    recordsOf: ({ at: atMs, snapshot, metadata, ...metric }: OldMetric, totalsCount: boolean) => {
      scope ??= metric.scope;
      const second = Math.max(Math.floor(timeWithin(run, atMs) / 1000), lastSecond ?? 0);
      const continues = lastSecond !== undefined && !tally.hasFallen(snapshot);
      const records: ConvertedRecord[] =
        lastSecond !== undefined && !continues ? [final(scope)] : [];
      if (!continues) {
        instances += 1;
        seq = 0;
        tally.restart();
      }
      const { deltas: all, beside } = totalsCount ? tally.add(snapshot) : NOTHING_ADDED;
      const endpoints = countedEndpoints(snapshot, totalsCount, all);
      const users = snapshot.currentUsers;
      const fromSecond = fromSecondOf(second);
      const contents = snapshotRecords({
        second,
        users: { target: run?.targetUsers ?? users, real: users },
        deltas: withoutUnknownTimes(all, endpoints),
        errors: [],
        names: namesOf(endpoints),
        texts: [],
        note: {
          source: "json",
          fromSecond,
          countsFrom: fromSecond,
          snapshot,
          ...(beside === undefined ? {} : { counted: beside }),
        },
      });
      lastSecond = second;
      contents.forEach(({ deltas, users: _users, ...content }, index) => {
        seq += 1;
        const isLast = index === contents.length - 1;
        records.push({
          record: { ...at(), ...content },
          scope: scope ?? metric.scope,
          users,
          deltas,
          ...(metadata === undefined || !isLast ? {} : { metadata }),
        });
      });
      return records;
    },
    final: (): ConvertedRecord[] => (scope === undefined || seq === 0 ? [] : [final(scope)]),
    /** What the run's last totals have beyond its snapshots: nobody knows when it was. */
    untimed: ({ at: atMs, snapshot }: LastTotals): ConvertedRecord[] => {
      const all = tally.beyond(snapshot);
      if (scope === undefined || requestsOf(all) === 0) return [];
      if (lastSecond === undefined) instances = 1;
      const endpoints = countedEndpoints(snapshot, true, all);
      const content = untimedRecord(
        { deltas: withoutUnknownTimes(all, endpoints), errors: [] },
        { names: namesOf(endpoints), texts: [] },
        { source: "json", fromSecond: Math.floor(atMs / 1000), snapshot },
      );
      const { deltas, users: _users, ...record } = content;
      seq += 1;
      return [{ record: { ...at(), ...record }, scope, users: 0, deltas }];
    },
  };
};

/** The records of one run; its snapshots are added in order. */
export const recordsOfRun = (runId: string, run: MetricRun | undefined) => {
  const writer = recordWriter(runId, run);
  /** Snapshots without endpoints. Their totals count only if no later snapshot has endpoints. */
  let held: OldMetric[] = [];
  let hasEndpoints = false;
  const release = (totalsCount: boolean): ConvertedRecord[] => {
    const waiting = held;
    held = [];
    return waiting.flatMap((metric) => writer.recordsOf(metric, totalsCount));
  };

  return {
    /** Returns no record while snapshots are held, and one more where the counts were reset: the final of the instance before. */
    add: (metric: OldMetric): ConvertedRecord[] => {
      const { requestStats, totalRequests } = metric.snapshot;
      const isNameless = Object.keys(requestStats).length === 0;
      const hasOnlyTotals = isNameless && totalRequests > 0;
      hasEndpoints ||= !isNameless;
      if (!hasEndpoints && (hasOnlyTotals || held.length > 0)) {
        held.push(metric);
        return [];
      }
      const released = hasEndpoints ? release(false) : [];
      return [...released, ...writer.recordsOf(metric, !hasOnlyTotals)];
    },
    /** Returns the records of held snapshots; of a run that has ended or no longer exists what its last totals have beyond them, and the final. */
    end: (): ConvertedRecord[] => {
      const last = release(true);
      if (run?.ended === false) return last;
      const untimed = run?.last === undefined ? [] : writer.untimed(run.last);
      return [...last, ...untimed, ...writer.final()];
    },
  };
};
