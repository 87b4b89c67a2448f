import { LoadTest, type RecentRun } from "@load-manager/contract/model/load-test.ts";
import {
  atLeast,
  compact,
  type Context,
  left,
  mapOutcome,
  type Older,
  type Outcome,
  parsed,
  positiveWhole,
  takeCommon,
  takeId,
  takeNameKey,
  takeTimes,
  withMetadata,
} from "./entity.ts";
import { Fields } from "../read/fields.ts";
import { isPlain } from "../read/json.ts";
import type { RunsOfLoadTest } from "./indexes.ts";
import { takeScope } from "./scope.ts";
import { takeScript } from "./scripts.ts";

export type ConvertedLoadTest = {
  readonly loadTest: LoadTest;
  /** The script inside the document. */
  readonly script: Uint8Array | undefined;
};

const { shape } = LoadTest;

/** The list is rebuilt from the runs; older entries without a run go to the leftovers. */
const takeRecentRuns = (fields: Fields, { recentRuns }: RunsOfLoadTest): RecentRun[] => {
  const given = fields.take("recentRuns");
  const known = new Set(recentRuns.map(({ id }) => id));
  if (Array.isArray(given)) {
    const unknown = given.filter((one: unknown) => {
      const id = isPlain(one) ? new Fields(one).id("id", "_id", "runId") : undefined;
      return id === undefined || !known.has(id);
    });
    if (unknown.length > 0) fields.keep("recentRuns", unknown);
    if (given.length > 0) fields.repaired.add("recent_runs");
  } else if (given !== undefined) fields.keep("recentRuns", given);
  return [...recentRuns];
};

/** Converts an older load test. Never throws. */
export const loadTestOf = (
  document: Older,
  context: Context,
  runs: RunsOfLoadTest,
): Outcome<ConvertedLoadTest> => {
  const fields = new Fields(document);
  const id = takeId(document, fields);
  const given = fields.filled("name");
  const mapped = takeScope(fields, context.mapping);
  const times = takeTimes(document, fields);
  if (id === undefined) return left("it has no usable id");
  if (!mapped.ok) return left(mapped.reason);
  if (times === undefined) return left("it has no known time");
  const name = given ?? `Load test ${id}`;
  if (given === undefined) fields.repair("default_value", "name");
  takeNameKey(fields, name);
  const users = Math.round(atLeast(fields, 1, 1, "defaultUsers"));
  const spawnRate = atLeast(fields, Number.MIN_VALUE, 1, "defaultSpawnRate");
  const lastRunNumber = Math.max(runs.count, fields.whole("lastRunNumber") ?? 0);
  const script = takeScript(fields);
  const environment = parsed(fields, shape.environment, "environment") ?? undefined;
  const loadTest: LoadTest = compact({
    id,
    name,
    ...mapped.scope,
    description: fields.text("description"),
    locustClusterId: fields.id("locustClusterId"),
    targetUrl: fields.text("targetUrl") ?? "",
    latestRevisionId: fields.id("latestRevisionId"),
    defaultUsers: users,
    defaultSpawnRate: spawnRate,
    defaultDurationSec: positiveWhole(fields, "defaultDurationSec", "defaultDurationSeconds"),
    maxDurationSec: positiveWhole(fields, "maxDurationSec", "maxDurationSeconds"),
    autoStop: parsed(fields, shape.autoStop, "autoStop"),
    workers: positiveWhole(fields, "workers"),
    userClasses: parsed(fields, shape.userClasses, "userClasses"),
    includeTags: parsed(fields, shape.includeTags, "includeTags"),
    excludeTags: parsed(fields, shape.excludeTags, "excludeTags"),
    endpointGroups: parsed(fields, shape.endpointGroups, "endpointGroups"),
    environment,
    lastRunAt: fields.time("lastRunAt") ?? runs.lastRunAt,
    lastRunNumber,
    recentRuns: takeRecentRuns(fields, runs),
    recentRunsVersion: fields.whole("recentRunsVersion") ?? 0,
    ...takeCommon(fields),
    ...times,
  });
  return mapOutcome(withMetadata(fields, LoadTest, loadTest), (whole) => ({
    loadTest: whole,
    script,
  }));
};
