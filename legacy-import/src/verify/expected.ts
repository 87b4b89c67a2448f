import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Document } from "mongodb";
import { READ } from "../read/json.ts";
import { newOf } from "../state/plan.ts";
import {
  createRevisionIndex,
  createRunIndex,
  reserveNumbers,
  type RunIndex,
} from "../transform/indexes.ts";
import type { StoredDocument } from "../transform/documents.ts";
import { createSteps, faultOf } from "../transform/steps.ts";
import type { Place, VerifyDeps } from "./verification.ts";

type Visit = {
  /** `into` is the target of the document under the name that it has before the swap. */
  readonly document: (into: string, document: StoredDocument) => void;
  readonly run?: (run: LoadTestRun) => void;
};

/**
 * Converts the older documents again, but for metrics, and gives each document that must be there: of two with one id the
 * first, as in the copy. Load tests list their runs from `runs`. Only reads.
 */
export const createConversion = (
  { db, context, ids, onProgress }: VerifyDeps,
  places: readonly Place[],
  runs: RunIndex = createRunIndex(),
) => {
  const revisions = createRevisionIndex();
  const steps = createSteps(context, { ids, runs, revisions });
  const known = new Map(places.map(({ target }) => [newOf(target), new Set<string>()]));
  return {
    convert: async (
      { target, older }: Place,
      visit: Visit,
    ): Promise<{ readonly older: number; readonly left: number }> => {
      const counts = { older: 0, left: 0 };
      const seen = known.get(newOf(target)) ?? new Set();
      if (target === "script_revisions") await reserveNumbers(db, older, revisions);
      for (const name of older) {
        const cursor = db.collection<Document>(name).find({}, READ).sort({ _id: 1 });
        for await (const document of cursor) {
          counts.older += 1;
          if (counts.older % 500 === 0) onProgress(name, counts.older);
          const outcome = steps[target]?.(document);
          if (outcome?.ok !== true || faultOf(outcome.value, seen) !== undefined) {
            counts.left += 1;
            continue;
          }
          const { entity, extra } = outcome.value;
          for (const one of [...extra, outcome.value]) {
            const there = known.get(one.into);
            if (there === undefined || there.has(one.document._id)) continue;
            there.add(one.document._id);
            visit.document(one.into, one.document);
          }
          if (target === "load_test_runs") visit.run?.(entity as LoadTestRun);
        }
      }
      return counts;
    },
  };
};
