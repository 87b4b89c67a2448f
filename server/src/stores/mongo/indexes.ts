import type { Db, IndexDescriptionInfo } from "mongodb";
import { AppError } from "../../lib/errors.ts";
import type { AnyDescription } from "../model/description.ts";
import { descriptionsOf } from "../shared/assemble.ts";
import { NAMESPACE_NOT_FOUND } from "./errors.ts";

export type Index = {
  readonly name: string;
  readonly key: Readonly<Record<string, 1 | -1>>;
  readonly unique?: true;
};

type Collections = Readonly<Record<string, readonly Index[]>>;

/** The key is also the document's `_id`, which breaks ties; a unique index on the field itself is for other programs. */
const indexesOf = ({ key, indexes }: AnyDescription): Index[] => [
  { name: `${key}_idx`, key: { [key]: 1 }, unique: true },
  ...indexes.map(({ name, columns, unique }) => ({
    name,
    key: Object.fromEntries(columns.map((column) => [column === key ? "_id" : column, 1] as const)),
    ...(unique === true ? { unique } : {}),
  })),
];

export const collectionsOf = (descriptions: readonly AnyDescription[]): Collections => ({
  ...Object.fromEntries(descriptions.map((one) => [one.name, indexesOf(one)])),
  ...HAND_WRITTEN,
});

/** The collections that no description covers; `_id` is made of what must be unique. */
const HAND_WRITTEN: Collections = {
  script_blobs: [{ name: "sha256_idx", key: { sha256: 1, part: 1 }, unique: true }],
  metrics_timeseries: [
    {
      name: "account_org_project_timestamp_idx",
      key: { accountId: 1, orgId: 1, projectId: 1, timestamp: 1 },
    },
    { name: "run_timestamp_idx", key: { loadTestRunId: 1, timestamp: 1 } },
    { name: "run_master_instance_seq_idx", key: { loadTestRunId: 1, masterInstanceId: 1, seq: 1 } },
    { name: "type_run_timestamp_idx", key: { type: 1, loadTestRunId: 1, timestamp: 1 } },
  ],
  metrics_rollups: [
    {
      name: "run_level_series_start_idx",
      key: { loadTestRunId: 1, level: 1, series: 1, start: 1 },
    },
    { name: "level_start_idx", key: { level: 1, start: 1 } },
  ],
  metrics_compacted: [],
  run_live: [],
  run_events: [
    { name: "id_idx", key: { id: 1 }, unique: true },
    { name: "run_at_idx", key: { runId: 1, at: 1, arrival: 1 } },
    { name: "run_arrival_idx", key: { runId: 1, arrival: 1 }, unique: true },
  ],
  leases: [{ name: "cluster_slot_idx", key: { clusterId: 1, slot: 1 }, unique: true }],
  heartbeats: [],
  idempotency_keys: [{ name: "created_idx", key: { createdAt: 1 } }],
};

/** Every collection with its indexes. */
export const COLLECTIONS: Collections = collectionsOf(descriptionsOf());

const existing = async (db: Db, collection: string): Promise<IndexDescriptionInfo[]> => {
  try {
    return await db.collection(collection).listIndexes().toArray();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === NAMESPACE_NOT_FOUND) return [];
    throw error;
  }
};

/** Also the order counts. */
const textOf = (key: object): string =>
  JSON.stringify(Object.entries(key).map(([field, way]) => [field, Number(way)]));

/** Makes what is missing, one at a time; another server may do the same. Rejects with AppError for an index of one of the names that is on something else. */
export const ensureIndexes = async (db: Db, collections = COLLECTIONS): Promise<void> => {
  for (const [collection, indexes] of Object.entries(collections)) {
    const there = await existing(db, collection);
    for (const { name, key, unique } of indexes) {
      const same = there.find((index) => index.name === name);
      if (same === undefined) {
        await db
          .collection(collection)
          .createIndex({ ...key }, { name, ...(unique ? { unique } : {}) });
      } else if (textOf(same.key) !== textOf(key) || (same.unique ?? false) !== (unique ?? false)) {
        throw new AppError(
          "unavailable",
          `The index ${name} of ${db.databaseName}.${collection} is on ${JSON.stringify(same.key)}${same.unique === true ? ", unique" : ""}; it must be on ${JSON.stringify(key)}${unique ? ", unique" : ""}. ` +
            `Take it away with db.${collection}.dropIndex(${JSON.stringify(name)}) and start again: it is then made anew.`,
        );
      }
    }
  }
};
