import { LoadTest } from "@load-manager/contract/model/load-test.ts";
import { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { RunSummary } from "@load-manager/contract/model/stats.ts";
import { ScriptRevision } from "@load-manager/contract/model/script.ts";
import type { Document } from "mongodb";
import { z } from "zod";
import { AppError } from "@load-manager/server/lib/errors.ts";
import { isTerminal } from "@load-manager/server/runs/domain/states.ts";
import { fromDocument, toDocument } from "@load-manager/server/stores/mongo/document.ts";
import { nameKey } from "@load-manager/server/lib/text.ts";
import { type Context, problemsOf } from "../transform/entity.ts";
import { createRunIndex, type RunIndex } from "../transform/indexes.ts";
import { METRICS, newOf, targetOf, UNCHANGED } from "../state/plan.ts";
import type { StoredDocument } from "../transform/documents.ts";
import { type KnownRun, knownRunOf } from "../transform/metric-run.ts";
import { differingFields, digestOf } from "./digest.ts";
import { createConversion } from "./expected.ts";
import {
  collectFaults,
  type Faults,
  type Place,
  type Verification,
  type VerifyDeps,
} from "./verification.ts";
import { verifyMetrics } from "./verify-metrics.ts";

const RUNS = "load_test_runs";
const LIVES = "run_live";
const LOAD_TESTS = "load_tests";
const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  script_revisions: ScriptRevision,
  load_test_runs: LoadTestRun,
  load_tests: LoadTest,
};
const TIMES = [
  "createdAt",
  "updatedAt",
  "startedAt",
  "finishedAt",
  "settledAt",
  "lastRunAt",
  "loadStartedAt",
  "loadEndedAt",
];

/** The rules for every document of today, whichever program wrote it. */
const faultsOf = (
  target: string,
  document: Document & { _id: string },
  { keepActive }: Context,
  runs: RunIndex,
): string[] => {
  let entity: Record<string, unknown>;
  try {
    entity = fromDocument(document, "nameKey");
  } catch (error) {
    return [`a map in it is not JSON (${String(error)})`];
  }
  const faults: string[] = [];
  const checked = z.safeEncode(SCHEMAS[target] ?? z.unknown(), entity);
  if (!checked.success) faults.push(...problemsOf(checked.error));
  if (entity["id"] !== document._id) faults.push("its id differs from its _id");
  if (target !== "script_revisions" && document["nameKey"] !== nameKey(String(entity["name"]))) {
    faults.push("its nameKey does not match its name");
  }
  for (const name of TIMES) {
    const ms = entity[name];
    if (ms === undefined) continue;
    if (!Number.isSafeInteger(ms) || Number(ms) <= 0) faults.push(`${name} is not in milliseconds`);
  }
  if (checked.success && target === "load_test_runs") {
    const { status, settledAt } = entity as LoadTestRun;
    if (isTerminal(status) && settledAt === undefined)
      faults.push("it has ended and is not settled");
    if (!isTerminal(status) && !keepActive) faults.push(`it is still ${status}`);
  }
  if (checked.success && target === "load_tests") {
    const { id, recentRuns } = entity as LoadTest;
    if (JSON.stringify(recentRuns) !== JSON.stringify(runs.of(id).recentRuns)) {
      faults.push("its recentRuns are not its ten newest ended runs");
    }
  }
  return faults;
};

type Checked = {
  readonly place: Place;
  readonly faults: Faults;
  readonly counts: Pick<Verification, "older" | "left" | "checked">;
  /** The ids of the documents that are not what their older ones become. */
  readonly different: ReadonlySet<string>;
};

/** The summary of a run comes with its metrics, so it has a digest of its own. */
type Expected = { readonly rest: string; readonly summary: string };

const summaryDigest = (summary: unknown): string => digestOf({ summary: summary ?? null });

const expectedOf = (target: string, document: Document): Expected => {
  if (target !== RUNS) return { rest: digestOf(document), summary: "" };
  const { summary, ...rest } = document;
  return { rest: digestOf(rest), summary: summaryDigest(summary) };
};

/** Compares each document of today with what its older document becomes, and with the rules for documents of today. */
const verifyCollection = async (
  { db, context, onProgress }: VerifyDeps,
  place: Place,
  expected: Map<string, Expected>,
  older: { readonly counts: Pick<Verification, "older" | "left">; readonly runs: RunIndex },
): Promise<Checked> => {
  const { target, today } = place;
  const faults = collectFaults(target);
  const different = new Set<string>();
  let checked = 0;
  for await (const document of db.collection<StoredDocument>(today).find()) {
    checked += 1;
    if (checked % 500 === 0) onProgress(today, checked);
    const wanted = expected.get(document._id);
    expected.delete(document._id);
    const { rest, summary } = expectedOf(target, document);
    if (wanted !== undefined && wanted.rest !== rest) different.add(document._id);
    if (wanted !== undefined && wanted.summary !== summary)
      faults.add(`${document._id}: its summary is not that of its metrics`);
    if (UNCHANGED.has(target)) continue;
    for (const fault of faultsOf(target, document, context, older.runs))
      faults.add(`${document._id}: ${fault}`);
    if (target === RUNS) addReadable(older.runs, document);
  }
  for (const id of expected.keys()) faults.add(`${id}: it is missing`);
  return { place, faults, counts: { ...older.counts, checked }, different };
};

/** A run that cannot be read is a fault by itself. */
const addReadable = (runs: RunIndex, document: StoredDocument): void => {
  try {
    runs.add(fromDocument(document, "nameKey"));
  } catch {
    // `faultsOf` has named it.
  }
};

/** Adds a fault for each document that differs, with the names of its fields. The older documents are converted once more for it. */
const nameDifferences = async (
  deps: VerifyDeps,
  places: readonly Place[],
  collections: readonly Checked[],
  runs: RunIndex,
): Promise<void> => {
  if (collections.every(({ different }) => different.size === 0)) return;
  const byTarget = new Map(collections.map((one) => [newOf(one.place.target), one]));
  const expected: (readonly [Checked, StoredDocument])[] = [];
  const conversion = createConversion(deps, places, runs);
  for (const place of places.filter(({ target }) => target !== METRICS)) {
    await conversion.convert(place, {
      document: (into, document) => {
        const one = byTarget.get(into);
        if (one?.different.has(document._id) === true) expected.push([one, document]);
      },
    });
  }
  for (const [{ place, faults }, document] of expected) {
    const { _id } = document;
    const found = await deps.db.collection<StoredDocument>(place.today).findOne({ _id });
    const fields = found === null ? ["all fields"] : differingFields(document, found);
    const own = place.target === RUNS ? fields.filter((name) => name !== "summary") : fields;
    faults.add(`${_id}: it differs from the older document in ${own.join(", ")}`);
  }
};

/**
 * Converts every older document again and compares the result with today's document in every field, and checks every
 * document of today by the rules of today. Only reads.
 */
export const verifyAll = async (
  deps: VerifyDeps,
  places: readonly Place[],
): Promise<Verification[]> => {
  const runs = createRunIndex();
  const conversion = createConversion(deps, places, runs);
  const expected = new Map(
    places.map(({ target }) => [newOf(target), new Map<string, Expected>()]),
  );
  const counts = new Map<string, Pick<Verification, "older" | "left">>();
  const metricRuns = new Map<string, KnownRun>();
  const convert = async (place: Place): Promise<void> => {
    const own = await conversion.convert(place, {
      document: (into, document) =>
        expected.get(into)?.set(document._id, expectedOf(targetOf(into), document)),
      run: (run) => metricRuns.set(run.id, knownRunOf(run)),
    });
    counts.set(place.target, own);
  };
  const collections: Checked[] = [];
  const verify = async (place: Place): Promise<Checked> => {
    const own = expected.get(newOf(place.target)) ?? new Map<string, Expected>();
    const older = { counts: counts.get(place.target) ?? { older: 0, left: 0 }, runs };
    const checked = await verifyCollection(deps, place, own, older);
    collections.push(checked);
    return checked;
  };
  const named = (...names: readonly string[]): Place[] =>
    places.filter(({ target }) => names.includes(target));
  const others = places.filter(({ target }) => target !== METRICS && target !== LOAD_TESTS);
  for (const place of others) await convert(place);
  const metrics: Verification[] = [];
  const [lives] = await Promise.all(named(LIVES).map(verify));
  const ofRuns = expected.get(newOf(RUNS));
  for (const place of named(METRICS)) {
    const summaryOf = (runId: string, summary: RunSummary): void => {
      const run = ofRuns?.get(runId);
      const stored = toDocument({ summary })["summary"] as unknown;
      if (run !== undefined) ofRuns?.set(runId, { ...run, summary: summaryDigest(stored) });
    };
    const known = {
      runs: metricRuns,
      lives: lives?.place.today ?? LIVES,
      damaged: lives?.different ?? new Set<string>(),
    };
    metrics.push(await verifyMetrics(deps, place, known, summaryOf));
  }
  // The runs as they are stored tell what the load tests list; scripts inside load tests become revisions.
  for (const place of named(RUNS)) await verify(place);
  for (const place of named(LOAD_TESTS)) await convert(place);
  for (const place of places.filter(({ target }) => ![METRICS, RUNS, LIVES].includes(target)))
    await verify(place);
  await nameDifferences(deps, places, collections, runs);
  return [...collections.map(({ faults, counts: all }) => faults.result(all)), ...metrics];
};

export const faultsIn = (verifications: readonly Verification[]): number =>
  verifications.reduce((sum, { faultCount }) => sum + faultCount, 0);

export const verificationError = (verifications: readonly Verification[]): AppError => {
  const lines = verifications.flatMap(({ collection, faults }) =>
    faults.slice(0, 10).map((fault) => `  ${collection}: ${fault}`),
  );
  return new AppError(
    "conflict",
    `The verification found ${faultsIn(verifications)} faults:\n${lines.join("\n")}`,
  );
};
