import type { Db, Document } from "mongodb";
import { AppError } from "@load-manager/server/lib/errors.ts";
import { Fields } from "./read/fields.ts";
import { READ } from "./read/json.ts";
import type { Mapping } from "./transform/mapping.ts";
import { UNCHANGED, type Target } from "./state/plan.ts";
import { takeScope } from "./transform/scope.ts";
import { isTodaysRow } from "./transform/documents.ts";

export type Unmapped = {
  readonly reason: string;
  /** How many documents, by collection. */
  readonly counts: Readonly<Record<string, number>>;
};
export type Survey = {
  readonly counts: Readonly<Record<string, number>>;
  readonly unmapped: readonly Unmapped[];
};

/** Large fields that do not matter for the scope. */
const LARGE = { requestStats: 0, requeststats: 0, lastMetrics: 0, lastmetrics: 0 };

/** Maps the scope of every document that has one; changes nothing. */
export const survey = async (
  db: Db,
  targets: readonly Target[],
  mapping: Mapping,
  onProgress: (collection: string, done: number, total: number) => void,
): Promise<Survey> => {
  const counts: Record<string, number> = {};
  const unmapped = new Map<string, Record<string, number>>();
  for (const { name: target, sources } of targets) {
    if (UNCHANGED.has(target)) continue;
    for (const { name } of sources) {
      const total = await db.collection(name).estimatedDocumentCount();
      // Script revisions have no scope of their own.
      if (target === "script_revisions") {
        counts[name] = total;
        continue;
      }
      let done = 0;
      const cursor = db
        .collection<Document>(name)
        .find({}, { ...READ, projection: LARGE, batchSize: 1000 });
      for await (const document of cursor) {
        done += 1;
        if (done % 1000 === 0) onProgress(name, done, total);
        if (target === "metrics_timeseries" && isTodaysRow(document)) continue;
        const { mapped } = takeScope(new Fields(document), mapping);
        if (mapped.ok) continue;
        const of = unmapped.get(mapped.reason) ?? {};
        of[name] = (of[name] ?? 0) + 1;
        unmapped.set(mapped.reason, of);
      }
      onProgress(name, done, total);
      counts[name] = done;
    }
  }
  return {
    counts,
    unmapped: [...unmapped].map(([reason, of]) => ({ reason, counts: of })),
  };
};

/** Throws AppError validation where a tenant is not mapped, before anything is changed. */
export const refuseUnmapped = ({ unmapped }: Survey, file: string): void => {
  if (unmapped.length === 0) return;
  const lines = unmapped.map(({ reason, counts }) => {
    const of = Object.entries(counts).map(([name, count]) => `${count} in ${name}`);
    return `  ${reason}: ${of.join(", ")}`;
  });
  throw new AppError(
    "validation",
    `Nothing has been changed: ${file} maps some documents to no scope.\n${lines.join("\n")}\n` +
      "Add their tenants under tenants or patterns, or set a default; see docs/migration.md#mapping.",
  );
};
