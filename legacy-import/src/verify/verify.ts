import { LoadTest } from "@load-manager/contract/model/load-test.ts";
import { SCOPE_LEVELS } from "@load-manager/contract/model/primitives.ts";
import { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { ScriptRevision } from "@load-manager/contract/model/script.ts";
import type { Document } from "mongodb";
import { z } from "zod";
import { AppError } from "@load-manager/server/lib/errors.ts";
import { isTerminal } from "@load-manager/server/runs/domain/states.ts";
import { fromDocument } from "@load-manager/server/stores/mongo/document.ts";
import { nameKey } from "@load-manager/server/lib/text.ts";
import { type Context, problemsOf } from "../transform/entity.ts";
import { READ } from "../read/json.ts";
import { createRevisionIndex, createRunIndex, type RunIndex } from "../transform/indexes.ts";
import { UNCHANGED } from "../state/plan.ts";
import { createSteps } from "../transform/steps.ts";
import { collectFaults, type Place, type Verification, type VerifyDeps } from "./verification.ts";
import { verifyMetrics } from "./verify-metrics.ts";

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
  if (target === "load_test_runs") {
    const { status, settledAt } = entity as LoadTestRun;
    if (isTerminal(status) && settledAt === undefined)
      faults.push("it has ended and is not settled");
    if (!isTerminal(status) && !keepActive) faults.push(`it is still ${status}`);
  }
  if (target === "load_tests") {
    const { id, recentRuns } = entity as LoadTest;
    if (JSON.stringify(recentRuns) !== JSON.stringify(runs.of(id).recentRuns)) {
      faults.push("its recentRuns are not its ten newest ended runs");
    }
  }
  return faults;
};

const scopeText = (document: Document): string =>
  SCOPE_LEVELS.map((level) => document[level] ?? "").join("/");

/** Compares every older document with today's, and checks every document of today. Only reads. */
export const verifyAll = async (
  deps: VerifyDeps,
  places: readonly Place[],
): Promise<Verification[]> => {
  const { db, context, onProgress } = deps;
  const runs = createRunIndex();
  const verifications: Verification[] = [];
  for (const place of places) {
    const { target, older, today } = place;
    if (UNCHANGED.has(target)) continue;
    if (target === "metrics_timeseries") {
      verifications.push(await verifyMetrics(deps, place));
      continue;
    }
    const faults = collectFaults(target);
    const ids = { next: () => "", of: (name: string) => name };
    const steps = createSteps(context, { ids, runs, revisions: createRevisionIndex() });
    const expected = new Map<string, string>();
    const counts = { older: 0, left: 0, checked: 0 };
    for (const name of older) {
      for await (const document of db.collection<Document>(name).find({}, READ).sort({ _id: 1 })) {
        counts.older += 1;
        const outcome = steps[target]?.(document);
        const id = outcome?.ok === true ? outcome.value.document._id : undefined;
        if (outcome?.ok !== true || id === undefined || expected.has(id)) counts.left += 1;
        else expected.set(id, scopeText(outcome.value.document));
        if (counts.older % 500 === 0) onProgress(name, counts.older);
      }
    }
    const cursor = db.collection<Document & { _id: string }>(today).find();
    for await (const document of cursor) {
      const own = faultsOf(target, document, context, runs);
      const scope = expected.get(document._id);
      if (scope !== undefined && scope !== scopeText(document)) {
        own.push(`it is in ${scopeText(document)}; the mapping says ${scope}`);
      }
      expected.delete(document._id);
      for (const fault of own) faults.add(`${document._id}: ${fault}`);
      counts.checked += 1;
      if (counts.checked % 500 === 0) onProgress(today, counts.checked);
      if (target === "load_test_runs") runs.add(fromDocument(document, "nameKey"));
    }
    for (const id of expected.keys()) faults.add(`${id}: it is missing`);
    verifications.push(faults.result(counts));
  }
  return verifications;
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
