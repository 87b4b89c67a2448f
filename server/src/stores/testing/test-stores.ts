import { afterAll } from "vitest";
import { createMemoryStores } from "../memory/stores.ts";
import { openMongoStores } from "../mongo/stores.ts";
import { onMongo } from "./test-database.ts";
import type { Stores } from "../ports.ts";

/** As many as any test file needs: opening takes time, and tests want theirs at once. */
const OPENED = 8;
const opened: Promise<Stores>[] = [];
const wanted = process.env["LOAD_MANAGER_TEST_STORE"] === "mongodb";
for (let left = wanted ? OPENED : 0; left > 0; left -= 1) {
  onMongo((database) => opened.push(openMongoStores(database)));
}
const fresh = await Promise.all(opened);
if (wanted) {
  const all = [...fresh];
  afterAll(async () => {
    await Promise.all(all.map((stores) => stores.close()));
  });
}

/** Empty stores of the kind that the suite is run on. */
export const storesForTests = (): Stores => {
  if (!wanted) return createMemoryStores();
  const stores = fresh.pop();
  if (stores === undefined) throw new Error("there are no more stores; see OPENED");
  return stores;
};
