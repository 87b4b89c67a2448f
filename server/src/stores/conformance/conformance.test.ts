import { join } from "node:path";
import { describe } from "vitest";
import { storesConformance } from "./all.ts";
import { reopening } from "./reopening.ts";
import { twoClients } from "./two-clients.ts";
import { createMemoryStores } from "../memory/stores.ts";
import { openMongoStores } from "../mongo/stores.ts";
import { onMongo } from "../testing/test-database.ts";
import { openSqliteStores } from "../sqlite/stores.ts";
import { temporaryFolder } from "../../lib/testing/temporary-folder.ts";

const root = temporaryFolder();

let folders = 0;
const freshFolder = () => join(root, String((folders += 1)));

describe("memory", () => {
  storesConformance(async () => createMemoryStores());
});

describe("sqlite", () => {
  storesConformance(() => openSqliteStores({ dataDir: freshFolder() }));
});

describe("sqlite, opened again between write and read", { timeout: 180_000 }, () => {
  storesConformance(async () => {
    const dataDir = freshFolder();
    return reopening(() => openSqliteStores({ dataDir, unfinished: true }))();
  });
});

onMongo((database) => {
  describe("mongodb", { timeout: 120_000 }, () => {
    storesConformance(() => openMongoStores(database));
  });
});

onMongo((database) => {
  describe("mongodb, through two clients in turn", { timeout: 120_000 }, () => {
    storesConformance(twoClients(() => openMongoStores(database)));
  });
});
