import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Document } from "mongodb";
import { AppError } from "@load-manager/server/lib/errors.ts";
import { type Json, READ, toJson } from "./read/json.ts";
import { createRevisionIndex, createRunIndex } from "./transform/indexes.ts";
import type { MigrateInput } from "./migrate.ts";
import type { MigrateDeps } from "./state/deps.ts";
import { hasOlder, isMarked, listed, targetsOf, UNCHANGED } from "./state/plan.ts";
import { readState } from "./state/state.ts";
import { idText } from "./transform/documents.ts";
import { createSteps } from "./transform/steps.ts";
import { refuseUnmapped, survey } from "./survey.ts";

export type DryCollection = {
  readonly collection: string;
  readonly into: string;
  readonly copied: number;
  readonly left: number;
  readonly firstRevisions: number;
  readonly repaired: Readonly<Record<string, number>>;
  readonly leftDocuments: readonly { readonly id: string; readonly reasons: readonly string[] }[];
  readonly samples: readonly { readonly before: Json; readonly after: Json }[];
};

const unfinished = (): AppError =>
  new AppError(
    "conflict",
    "A migration of this database is not finished. Resume it, or give it up with load-manager migrate rollback.",
  );

const SAMPLES = 2;
const LISTED = 20;

/** Converts everything and stores nothing. */
export const dryRun = async (
  { db, ids, onProgress }: MigrateDeps,
  input: MigrateInput,
): Promise<DryCollection[]> => {
  const state = await readState(db);
  if (state !== undefined && state.phase !== "done") throw unfinished();
  const collections = await listed(db);
  if (state !== undefined || (await isMarked(db)) || !hasOlder(collections)) return [];
  const targets = targetsOf(collections);
  refuseUnmapped(await survey(db, targets, input.mapping, onProgress), input.mappingFile);
  const known = { runs: createRunIndex(), revisions: createRevisionIndex() };
  const steps = createSteps(input, { ids, ...known });
  const found: DryCollection[] = [];
  for (const { name: target, sources } of targets) {
    const seen = UNCHANGED.has(target) ? undefined : new Set<string>();
    for (const { name } of sources) {
      const counts = { copied: 0, left: 0, firstRevisions: 0 };
      const repaired: Record<string, number> = {};
      const leftDocuments: DryCollection["leftDocuments"][number][] = [];
      const samples: DryCollection["samples"][number][] = [];
      const total = await db.collection(name).estimatedDocumentCount();
      for await (const document of db.collection<Document>(name).find({}, READ).sort({ _id: 1 })) {
        const outcome = steps[target]?.(document);
        const again = outcome?.ok === true && seen?.has(outcome.value.document._id) === true;
        if (outcome?.ok !== true || again) {
          counts.left += 1;
          const reasons =
            outcome?.ok === false ? outcome.reasons : ["an earlier document has its id"];
          if (leftDocuments.length < LISTED) {
            leftDocuments.push({ id: idText(document["_id"]), reasons });
          }
          continue;
        }
        counts.copied += 1;
        if (outcome.value.isFirstRevision === true) counts.firstRevisions += 1;
        for (const repair of outcome.repaired) repaired[repair] = (repaired[repair] ?? 0) + 1;
        const { document: after, entity } = outcome.value;
        seen?.add(after._id);
        if (target === "load_test_runs") known.runs.add(entity as LoadTestRun);
        if (samples.length < SAMPLES) {
          samples.push({ before: toJson(document), after: toJson(entity) });
        }
        if (counts.copied % 1000 === 0) onProgress(name, counts.copied, total);
      }
      found.push({ collection: name, into: target, ...counts, repaired, leftDocuments, samples });
    }
  }
  return found;
};
