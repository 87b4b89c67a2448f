import { type Db, MongoClient } from "mongodb";
import { AppError } from "@load-manager/server/lib/errors.ts";
import { uuidV7 } from "@load-manager/server/lib/ids.ts";
import type { MongoOptions } from "@load-manager/server/stores/mongo/stores.ts";
import { SHAPES } from "./legacy-fixtures.ts";
import { parseMapping } from "../transform/mapping.ts";
import type { MigrateDeps } from "../state/deps.ts";

const MAPPING = `
tenants:
  acme: { accountId: acc123, orgId: org456, projectId: proj789 }
patterns:
  - { match: "team-*", accountId: acc123, orgId: "$1", projectId: "\${projectId}" }
`;
export const INPUT = {
  mapping: parseMapping(MAPPING, "mapping.yaml"),
  mappingFile: "mapping.yaml",
  keepActive: false,
};
export const AMOUNT = { shapes: SHAPES, tests: 3, runs: 14, metrics: 3, malformed: 6 };

export const depsOf = (db: Db, more: Partial<MigrateDeps["lock"]> = {}): MigrateDeps => {
  let now = 1_800_000_000_000;
  const clock = { now: () => now, monotonic: () => now, wall: () => now };
  return {
    db,
    clock,
    ids: uuidV7,
    lock: {
      self: { owner: uuidV7.next(), host: "here", pid: 1 },
      sleep: async (ms) => {
        now += ms;
        // The heartbeat of another owner may run meanwhile.
        await new Promise((resolve) => {
          setTimeout(resolve, 1);
        });
      },
      isAlive: () => true,
      ...more,
    },
    say: () => {},
    onProgress: () => {},
  };
};

/** For tests. Each test has a database of its own. */
export const inDatabase = async (
  options: MongoOptions,
  name: string,
  work: (db: Db) => Promise<void>,
) => {
  const client = new MongoClient(options.uri);
  const db = client.db(`${options.database.slice(0, 40)}_${name}`);
  try {
    await work(db);
  } finally {
    await db.dropDatabase();
    await client.close();
  }
};

const namesOf = async (db: Db): Promise<string[]> =>
  (await db.listCollections().toArray()).map(({ name }) => name).toSorted();

export const countsOf = async (db: Db): Promise<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const name of await namesOf(db)) counts[name] = await db.collection(name).countDocuments();
  return counts;
};

export const rejection = async (work: Promise<unknown>): Promise<AppError> => {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof AppError) return error;
  throw new Error(`it was not refused but ended with ${String(error)}`);
};
