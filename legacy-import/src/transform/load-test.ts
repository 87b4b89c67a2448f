import { LoadTest, type RecentRun } from "@load-manager/contract/load-test.ts";
import { z } from "zod";
import {
  atLeast,
  compact,
  type Context,
  converted,
  left,
  type Older,
  type Outcome,
  parsed,
  takeId,
  takeMap,
  takeMetadata,
  takeNameKey,
  takeTags,
  takeTimes,
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
  const name = fields.filled("name");
  const mapped = takeScope(fields, context.mapping);
  const times = takeTimes(document, fields);
  if (id === undefined) return left("it has no usable id");
  if (name === undefined) return left("it has no name");
  if (!mapped.ok) return left(mapped.reason);
  if (times === undefined) return left("it has no known time");
  takeNameKey(fields, name);
  const createdBy = fields.filled("createdBy") ?? "unknown";
  const users = Math.round(atLeast(fields, 1, 1, "defaultUsers"));
  const spawnRate = atLeast(fields, Number.MIN_VALUE, 1, "defaultSpawnRate");
  const stop = fields.whole("stopTimeoutSeconds");
  const lastRunNumber = Math.max(runs.count, fields.whole("lastRunNumber") ?? 0);
  const script = takeScript(fields);
  const environment = parsed(fields, shape.environment, "environment") ?? undefined;
  const scriptOptions = takeMap(fields, "scriptOptions");
  const loadTest: LoadTest = compact({
    id,
    name,
    ...mapped.scope,
    description: fields.text("description"),
    tags: takeTags(fields),
    locustClusterId: fields.id("locustClusterId"),
    targetUrl: fields.text("targetUrl") ?? "",
    scenarioId: fields.id("scenarioId"),
    latestRevisionId: fields.id("latestRevisionId"),
    defaultUsers: users,
    defaultSpawnRate: spawnRate,
    defaultDurationSec: positive(fields, "defaultDurationSec", "defaultDurationSeconds"),
    maxDurationSec: positive(fields, "maxDurationSec", "maxDurationSeconds"),
    autoStop: parsed(fields, shape.autoStop, "autoStop"),
    loadProfile: parsed(fields, shape.loadProfile, "loadProfile") ?? { kind: "constant" as const },
    workers: positive(fields, "workers"),
    userClasses: parsed(fields, shape.userClasses, "userClasses"),
    includeTags: parsed(fields, shape.includeTags, "includeTags"),
    excludeTags: parsed(fields, shape.excludeTags, "excludeTags"),
    scriptOptions,
    environment,
    stopTimeoutSeconds: stop !== undefined && stop >= 0 ? stop : 10,
    lastRunAt: fields.time("lastRunAt") ?? runs.lastRunAt,
    lastRunNumber,
    recentRuns: takeRecentRuns(fields, runs),
    recentRunsVersion: fields.whole("recentRunsVersion") ?? 0,
    ...times,
    createdBy,
    updatedBy: fields.filled("updatedBy") ?? createdBy,
    version: Math.max(1, fields.whole("version") ?? 1),
  });
  const metadata = takeMetadata(fields);
  const whole = metadata === undefined ? loadTest : { ...loadTest, metadata };
  const checked = z.safeEncode(LoadTest, whole);
  if (!checked.success) return left(...problemsOf(checked.error));
  return converted({ loadTest: whole, script }, fields);
};

export const problemsOf = ({ issues }: z.ZodError): string[] =>
  issues.map(({ path, message }) => `${path.join(".")}: ${message}`);

/** A count or a duration that must be above 0; older programs wrote 0 for unknown. */
export const positive = (fields: Fields, ...names: readonly string[]): number | undefined => {
  const value = fields.number(...names);
  if (value === undefined || value === 0) return undefined;
  const whole = Math.round(value);
  if (whole > 0 && Number.isSafeInteger(whole)) return whole;
  fields.keep(names[0] ?? "", value);
  return undefined;
};
