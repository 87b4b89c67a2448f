import { MongoClient } from "mongodb";
import { afterAll } from "vitest";
import { uuidV7 } from "../../lib/ids.ts";
import type { MongoOptions } from "../mongo/stores.ts";

/** The server that the tests use; `npm test` starts one. */
const testUri: string | undefined = process.env["LOAD_MANAGER_TEST_MONGODB_URI"];

/** A database of the test file's own, which goes when it ends. */
const testDatabase = (uri: string): MongoOptions => {
  const options = {
    uri,
    database: `load_manager_test_${uuidV7.next().replaceAll("-", "")}`,
    connectTimeoutSeconds: 10,
    maxPoolSize: 20,
  };
  afterAll(async () => {
    const client = new MongoClient(uri);
    await client.db(options.database).dropDatabase();
    await client.close();
  });
  return options;
};

/** Registers tests with a database of their own, where there is a server; where there is none, `npm test` says so and fails in CI. */
export const onMongo = (register: (database: MongoOptions) => void): void => {
  if (testUri !== undefined) register(testDatabase(testUri));
};
