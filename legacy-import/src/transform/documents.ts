import { Binary, BSON, type Document } from "mongodb";
import type { MetricSnapshot } from "@load-manager/contract/model/stats.ts";
import type { ScriptRevision } from "@load-manager/contract/model/script.ts";
import { denormalizedTotalsOf } from "@load-manager/server/metrics/codec/denormalized-totals.ts";
import { toDocument } from "@load-manager/server/stores/mongo/document.ts";
import type { Json } from "../read/json.ts";
import type { Older } from "./entity.ts";
import type { ConvertedRecord } from "./metrics.ts";

/** A document in the form of today's MongoDB store. */
export type StoredDocument = Document & { readonly _id: string };

/** MongoDB limits a document to 16 MiB. Today's store splits contents into parts of this size. */
const PART_BYTES = 8 << 20;

export const blobDocuments = (bytes: Uint8Array, sha256: string): StoredDocument[] => {
  const parts = Math.max(1, Math.ceil(bytes.length / PART_BYTES));
  return Array.from({ length: parts }, (_, part) => ({
    _id: `${sha256}:${part}`,
    ...toDocument({ sha256, part, parts }),
    content: new Binary(
      Uint8Array.from(bytes.subarray(part * PART_BYTES, (part + 1) * PART_BYTES)),
    ),
  }));
};

export const liveDocument = (id: string, live: MetricSnapshot): StoredDocument => ({
  _id: id,
  ...toDocument({
    ...live,
    requestStats: Object.entries(live.requestStats).map(([endpoint, stats]) => ({
      endpoint,
      ...stats,
    })),
  }),
});

export const revisionDocument = (
  revision: ScriptRevision,
  metadata?: Record<string, Json>,
): StoredDocument => ({
  _id: revision.id,
  ...toDocument(metadata === undefined ? revision : { ...revision, metadata }),
});

export const recordDocument = ({
  record,
  scope,
  users,
  deltas,
  metadata,
}: ConvertedRecord): StoredDocument => {
  const { minResponseMs, ...totals } = denormalizedTotalsOf(
    scope,
    record.second === 0 ? undefined : { sample: { users: { target: users, real: users } }, deltas },
  );
  return {
    _id: `${record.runId}:${record.masterInstanceId}:${record.seq}`,
    ...toDocument({
      loadTestRunId: record.runId,
      ...totals,
      // A minimum of 0 was never measured.
      ...(minResponseMs === undefined || minResponseMs === 0 ? {} : { minResponseMs }),
      ...(record.second > 0 ? { timestamp: record.second * 1000 } : {}),
      masterInstanceId: record.masterInstanceId,
      seq: record.seq,
      type: record.type,
      metadata,
    }),
    body: new Binary(Uint8Array.from(record.body)),
  };
};

/** Whether it is a record of today's plugin: both programs may have used the database. */
export const isTodaysRecord = (document: Older): boolean =>
  typeof document["_id"] === "string" &&
  document["body"] instanceof Binary &&
  typeof document["masterInstanceId"] === "string" &&
  document["seq"] !== undefined;

/** Any `_id` as text; different ids give different texts. */
export const idText = (id: unknown): string =>
  BSON.EJSON.stringify({ id }, { relaxed: false }).slice(6, -1);

/** Below MongoDB's limit for a document, with some reserve. */
const MOST_BYTES = 16_000_000;

export const fits = (document: Document): boolean => {
  try {
    return BSON.calculateObjectSize(document) < MOST_BYTES;
  } catch {
    return false;
  }
};
