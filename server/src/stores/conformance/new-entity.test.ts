import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { AppError } from "../../lib/errors.ts";
import { createMemoryStores } from "../memory/stores.ts";
import { NAME_KEY, SCOPE_COLUMNS } from "../model/conditions.ts";
import { described } from "../model/description.ts";
import { openMongoStores } from "../mongo/stores.ts";
import { CONTROL_MIGRATIONS, newestFormat } from "../sqlite/migrations.ts";
import { openSqliteStores } from "../sqlite/stores.ts";
import { onMongo } from "../testing/test-database.ts";
import { tableSql } from "../testing/table-sql.ts";
import { describedConformance } from "./described.ts";
import { reopening } from "./reopening.ts";
import { twoClients } from "./two-clients.ts";
import { temporaryFolder } from "../../lib/testing/temporary-folder.ts";

/**
 * An entity that only this file knows, with one of everything that a description can say. It passes the conformance
 * suite on every store by its description alone: no adapter has a line for it.
 */
type Bookmark = {
  readonly bookmarkId: string;
  readonly accountId: string;
  readonly orgId: string;
  readonly projectId: string;
  readonly envId?: string;
  readonly name: string;
  readonly slug: string;
  readonly labels: string[];
  readonly shared: boolean;
  readonly expiresAt?: number;
  readonly madeAt: number;
  readonly owner?: string;
  readonly settings?: Record<string, unknown>;
  readonly visitors: string[];
  readonly visits: number;
  readonly lastVisitAt?: number;
  readonly term: number;
  readonly edits: number;
  readonly visitorEdits: number;
};

const BOOKMARKS = described<Bookmark>()({
  name: "bookmarks",
  label: "bookmark",
  key: "bookmarkId",
  columns: {
    ...SCOPE_COLUMNS,
    nameKey: { ...NAME_KEY, sort: true },
    slug: { type: "text", sort: true },
    labels: { type: "texts" },
    shared: { type: "boolean" },
    expiresAt: { type: "integer", optional: true, sort: true },
    madeAt: { type: "integer", sort: true },
    owner: { type: "text", optional: true },
  },
  indexes: [
    { name: "account_org_project_idx", columns: ["accountId", "orgId", "projectId"] },
    { name: "made_idx", columns: ["madeAt", "bookmarkId"] },
    { name: "slug_idx", columns: ["accountId", "slug"], unique: true },
  ],
  freeMaps: ["settings"],
  groups: {
    bookmark: { counter: "edits", without: ["visitors", "lastVisitAt"] },
    visitors: { counter: "visitorEdits", fields: ["visitors", "owner"] },
  },
  counters: { visits: ["lastVisitAt"] },
  fence: "term",
  check: (stored, next) => {
    if (stored.madeAt === next.madeAt || next.madeAt > 0) return;
    throw new AppError("conflict", "A bookmark is not made before 1970.");
  },
});

const extra = [{ description: BOOKMARKS, sqlite: tableSql(BOOKMARKS) }];
const root = temporaryFolder();
let folders = 0;
const freshFolder = () => join(root, String((folders += 1)));

describe("a new entity", () => {
  describe("memory", () => {
    describedConformance(async () => createMemoryStores({ extra }), BOOKMARKS);
  });

  describe("sqlite", () => {
    describedConformance(() => openSqliteStores({ dataDir: freshFolder(), extra }), BOOKMARKS);
  });

  describe("sqlite, opened again between write and read", { timeout: 180_000 }, () => {
    const open = async () => {
      const dataDir = freshFolder();
      return reopening(() => openSqliteStores({ dataDir, extra }))();
    };
    describedConformance(open, BOOKMARKS);
  });

  test("is added to an existing folder by its migration", async () => {
    const dataDir = freshFolder();
    const before = await openSqliteStores({ dataDir });
    expect(() => before.collection(BOOKMARKS)).toThrow("opened without bookmarks");
    await before.close();
    const after = await openSqliteStores({ dataDir, extra });
    expect(await after.collection(BOOKMARKS).count([])).toBe(0);
    await after.close();
    await expect(openSqliteStores({ dataDir })).rejects.toThrow(
      `newer Load Manager: its format is ${newestFormat(CONTROL_MIGRATIONS) + 1}`,
    );
  });

  test("is refused if its description contradicts itself", () => {
    const wrong = (change: object) => () => described<Bookmark>()({ ...BOOKMARKS, ...change });
    expect(wrong({ columns: { bookmarkId: { type: "text" } } })).toThrow("is the key");
    const optional = { type: "text", optional: true };
    expect(wrong({ columns: { ...BOOKMARKS.columns, slug: optional } })).toThrow("may be absent");
    expect(wrong({ columns: { owner: { ...optional, sort: true } } })).toThrow("sorted by");
    const index = { name: "x_idx", columns: ["nowhere"] };
    expect(wrong({ indexes: [index] })).toThrow("is on no column: nowhere");
  });
});

onMongo((database) => {
  describe("a new entity on mongodb", { timeout: 120_000 }, () => {
    describedConformance(() => openMongoStores({ ...database, extra }), BOOKMARKS);
  });
});

onMongo((database) => {
  describe("a new entity on mongodb, through two clients in turn", { timeout: 120_000 }, () => {
    describedConformance(
      twoClients(() => openMongoStores({ ...database, extra })),
      BOOKMARKS,
    );
  });
});
