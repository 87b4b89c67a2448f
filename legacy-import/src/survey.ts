import type { Db, Document } from "mongodb";
import { AppError } from "@load-manager/server/lib/errors.ts";
import { Fields } from "./read/fields.ts";
import { READ } from "./read/json.ts";
import { UNCHANGED, type Target } from "./state/plan.ts";
import { isTodaysRecord } from "./transform/documents.ts";
import type { Mapping } from "./transform/mapping.ts";
import { takeScope } from "./transform/scope.ts";

type Unmapped = {
  readonly reason: string;
  /** How many documents, by collection. */
  readonly counts: Readonly<Record<string, number>>;
};

/** A projection without the large fields, which the scope does not need. */
const LARGE = { requestStats: 0, requeststats: 0, lastMetrics: 0, lastmetrics: 0 };

/** Maps the scope of every document that has one, and changes nothing. Resolves with the reasons why some have none. */
export const survey = async (
  db: Db,
  targets: readonly Target[],
  mapping: Mapping,
  onProgress: (collection: string, done: number, total: number) => void,
): Promise<Unmapped[]> => {
  const unmapped = new Map<string, Record<string, number>>();
  for (const { name: target, sources } of targets) {
    // Script revisions have no scope of their own.
    if (UNCHANGED.has(target) || target === "script_revisions") continue;
    for (const { name } of sources) {
      const total = await db.collection(name).estimatedDocumentCount();
      let done = 0;
      const cursor = db
        .collection<Document>(name)
        .find({}, { ...READ, projection: LARGE, batchSize: 1000 });
      for await (const document of cursor) {
        done += 1;
        if (done % 1000 === 0) onProgress(name, done, total);
        if (target === "metrics_timeseries" && isTodaysRecord(document)) continue;
        const mapped = takeScope(new Fields(document), mapping);
        if (mapped.ok) continue;
        const counts = unmapped.get(mapped.reason) ?? {};
        counts[name] = (counts[name] ?? 0) + 1;
        unmapped.set(mapped.reason, counts);
      }
      onProgress(name, done, total);
    }
  }
  return [...unmapped].map(([reason, counts]) => ({ reason, counts }));
};

/** Throws AppError validation where a tenant is not mapped, before anything is changed. */
export const refuseUnmapped = (unmapped: readonly Unmapped[], file: string): void => {
  if (unmapped.length === 0) return;
  const lines = unmapped.map(({ reason, counts }) => {
    const named = Object.entries(counts).map(([name, count]) => `${count} in ${name}`);
    return `  ${reason}: ${named.join(", ")}`;
  });
  throw new AppError(
    "validation",
    `Nothing has been changed: ${file} maps some documents to no scope.\n${lines.join("\n")}\n` +
      "Add their tenants under tenants or patterns, or set a default; see docs/migration.md#mapping.",
  );
};
