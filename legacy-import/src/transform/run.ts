import type { MetricSnapshot, RunSummary } from "@load-manager/contract/model/stats.ts";
import { LoadTestRun, RunStatus } from "@load-manager/contract/model/run.ts";
import { errorRate } from "@load-manager/server/metrics/codec/stats.ts";
import { exactly, isExact } from "@load-manager/server/metrics/codec/totals.ts";
import { isTerminal } from "@load-manager/server/runs/domain/states.ts";
import {
  compact,
  type Context,
  left,
  mapOutcome,
  type Older,
  type Outcome,
  parsed,
  positiveWhole,
  positiveNumber,
  takeCommon,
  takeId,
  takeNameKey,
  takeTimes,
  withMetadata,
} from "./entity.ts";
import { Fields } from "../read/fields.ts";
import { takeScope } from "./scope.ts";
import { type OldSnapshot, takeSnapshot } from "./snapshot.ts";

type ConvertedRun = {
  readonly run: LoadTestRun;
  /** The last totals, stored in a collection of their own. */
  readonly live: MetricSnapshot | undefined;
};

const { shape } = LoadTestRun;

/** Fields that only today's program writes. A document has them where both programs have used the database. */
const NEWER = [
  "runNumber",
  "runGroupId",
  "externalKey",
  "notes",
  "slot",
  "hostId",
  "endCause",
  "summary",
  "autoStop",
  "scriptSha256",
  "workers",
  "userClasses",
  "includeTags",
  "excludeTags",
  "endpointGroups",
  "environment",
  "engine",
  "startSent",
  "commandedLoad",
  "phases",
  "maxDurationSec",
] as const;

const takeStatus = (fields: Fields): RunStatus | undefined => {
  const text = fields.filled("status", "state")?.trim().toLowerCase();
  return RunStatus.options.find((status) => status.toLowerCase() === text);
};

const takeLive = (fields: Fields, otherwise: number): OldSnapshot | undefined => {
  const part = fields.part("lastMetrics");
  const snapshot = part === undefined ? undefined : takeSnapshot(part);
  fields.restOf("lastMetrics", part);
  return snapshot === undefined
    ? undefined
    : { ...snapshot, timestamp: snapshot.timestamp ?? otherwise };
};

/** The summary of a run, from its last totals. Null means unknown. */
const summaryOf = (live: OldSnapshot, seconds: number | undefined): RunSummary => ({
  totalRequests: exactly(live.totalRequests),
  totalFailures: exactly(live.totalFailures),
  timedRequests: live.avgResponseMs === null ? 0 : exactly(live.totalRequests),
  requestsPerSec:
    seconds === undefined || !isExact(live.totalRequests) ? null : live.totalRequests / seconds,
  errorRate: errorRate(live.totalRequests, live.totalFailures),
  avgResponseMs: live.avgResponseMs,
  minResponseMs: live.minResponseMs ?? least(live),
  maxResponseMs: live.maxResponseMs ?? most(live),
  p50ResponseMs: live.p50ResponseMs,
  p90ResponseMs: null,
  p95ResponseMs: live.p95ResponseMs,
  p99ResponseMs: live.p99ResponseMs,
  maxUsers: live.currentUsers,
  complete: false,
  gaps: [],
  workers: { expected: null, lost: null },
});

/** The extreme over all endpoints; null where it is unknown for one of them. */
const extreme =
  (field: "minResponseTime" | "maxResponseTime", pick: (...values: number[]) => number) =>
  ({ requestStats }: OldSnapshot): number | null => {
    const used = Object.values(requestStats).filter(({ numRequests }) => numRequests > 0);
    const known = used.flatMap((one) => one[field] ?? []);
    return known.length === 0 || known.length < used.length ? null : pick(...known);
  };
const least = extreme("minResponseTime", Math.min);
const most = extreme("maxResponseTime", Math.max);

/** How a run ended; a run without an end is Failed, unless active runs are kept. */
const endOf = (
  status: RunStatus,
  { keepActive }: Context,
  fields: Fields,
  lastSeen: number,
): Partial<LoadTestRun> & Pick<LoadTestRun, "status"> => {
  const finishedAt = fields.time("finishedAt");
  const settledAt = fields.time("settledAt");
  const given = parsed(fields, shape.statusReason, "statusReason");
  const reason = given === undefined ? {} : { statusReason: given };
  const finished = finishedAt === undefined ? {} : { finishedAt };
  if (isTerminal(status)) {
    return { status, ...reason, ...finished, settledAt: settledAt ?? finishedAt ?? lastSeen };
  }
  if (keepActive) return { status, ...reason, ...finished };
  fields.repaired.add("lost_before_migration");
  return {
    status: "Failed",
    statusReason: {
      ...given,
      code: "lost_before_migration",
      message: `The run was ${status} when the database was migrated; its end is unknown.`,
      statusBefore: status,
    },
    endCause: "failed",
    finishedAt: finishedAt ?? lastSeen,
    settledAt: finishedAt ?? lastSeen,
  };
};

/** Converts an older run. Never throws. */
export const runOf = (document: Older, context: Context): Outcome<ConvertedRun> => {
  const fields = new Fields(document);
  const id = takeId(document, fields);
  const status = takeStatus(fields);
  const mapped = takeScope(fields, context.mapping);
  const startedAt = fields.time("startedAt");
  const times = takeTimes(document, fields, [startedAt]);
  if (id === undefined) return left("it has no usable id");
  if (status === undefined) return left("it has no known status");
  if (!mapped.ok) return left(mapped.reason);
  if (times === undefined) return left("it has no known time");
  const loadTestId = fields.id("loadTestId");
  const live = takeLive(fields, times.updatedAt);
  const lastSeen = Math.max(times.updatedAt, live?.timestamp ?? 0);
  const end = endOf(status, context, fields, lastSeen);
  const clusterId = fields.id("locustClusterId", "clusterId");
  const began = startedAt ?? times.createdAt;
  const name =
    fields.filled("name") ??
    (loadTestId === undefined ? `External ${new Date(began).toISOString()}` : `Run ${id}`);
  takeNameKey(fields, name);
  const newer = Object.fromEntries(
    NEWER.map((field) => [field, parsed(fields, shape[field], field)]),
  ) as Partial<LoadTestRun>;
  const { finishedAt } = end;
  const seconds =
    startedAt !== undefined && finishedAt !== undefined && finishedAt > startedAt
      ? (finishedAt - startedAt) / 1000
      : undefined;
  const summary =
    live === undefined || !isTerminal(end.status) ? undefined : summaryOf(live, seconds);
  const run: LoadTestRun = compact({
    ...newer,
    id,
    ...mapped.scope,
    loadTestId,
    name,
    keep: fields.boolean("keep") ?? false,
    locustClusterId: clusterId ?? "unknown",
    trigger:
      parsed(fields, shape.trigger, "trigger") ?? (loadTestId === undefined ? "external" : "api"),
    health: parsed(fields, shape.health, "health") ?? "unknown",
    verdict: parsed(fields, shape.verdict, "verdict") ?? "none",
    fence: Math.max(0, fields.whole("fence") ?? 0),
    startedAt,
    ...end,
    summary: newer.summary ?? summary,
    targetUrl: fields.filled("targetUrl"),
    targetUsers: positiveWhole(fields, "targetUsers"),
    spawnRate: positiveNumber(fields, "spawnRate"),
    durationSeconds: positiveWhole(fields, "durationSeconds", "durationSec"),
    scriptRevisionId: fields.id("scriptRevisionId"),
    loadStartedAt: fields.time("loadStartedAt"),
    loadEndedAt: fields.time("loadEndedAt"),
    startingAt: fields.time("startingAt"),
    stoppingAt: fields.time("stoppingAt"),
    ...takeCommon(fields),
    ...times,
  });
  return mapOutcome(withMetadata(fields, LoadTestRun, run), (whole) => ({
    run: whole,
    live: live === undefined ? undefined : liveOf(live),
  }));
};

const liveOf = (snapshot: OldSnapshot): MetricSnapshot => {
  const { minResponseMs: _min, maxResponseMs: _max, timestamp, ...live } = snapshot;
  return { ...live, timestamp: timestamp ?? 0 };
};
