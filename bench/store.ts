import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import type { MetricRecord } from "../server/src/stores/model/metric-store.ts";
import { openSqliteStores } from "../server/src/stores/sqlite/stores.ts";
import { inPairs, type Row } from "./lib/pairs.ts";
import { bodies, rowsOf } from "./lib/payload.ts";

const [SAMPLES, AT_ONCE] = [10_000, 50];

/** The store vs the bare driver that writes the same blobs, with the same pragmas and transactions of the same size. */
export const storeRows = async (): Promise<Row[]> => {
  const folder = mkdtempSync(join(tmpdir(), "load-manager-bench-"));
  const pool = bodies(500, 100, 1_800_000_000);
  const rows = (run: string): MetricRecord[] =>
    Array.from({ length: SAMPLES / pool.length }, (_, copy) =>
      rowsOf(`${run}-${copy}`, pool, 1_800_000_000),
    ).flat();
  const chunks = (all: readonly MetricRecord[]): MetricRecord[][] =>
    Array.from({ length: all.length / AT_ONCE }, (_, index) =>
      all.slice(index * AT_ONCE, (index + 1) * AT_ONCE),
    );
  const stores = await openSqliteStores({ dataDir: join(folder, "ours") });
  const db = new Database(join(folder, "raw.db"));
  db.pragma("page_size = 16384");
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  db.exec("CREATE TABLE samples (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT");
  const insert = db.prepare("INSERT INTO samples (body) VALUES (?)");
  const insertAll = db.transaction((list: readonly MetricRecord[]) => {
    for (const { body } of list) insert.run(body);
  });
  let turn = 0;
  try {
    const result = await inPairs(
      7,
      async () => {
        const list = chunks(rows(`run-${(turn += 1)}`));
        const begun = performance.now();
        await Promise.all(list.map((chunk) => stores.metrics.append(chunk)));
        return SAMPLES / (performance.now() - begun);
      },
      async () => {
        const list = chunks(rows("raw"));
        const begun = performance.now();
        for (const chunk of list) insertAll(chunk);
        return SAMPLES / (performance.now() - begun);
      },
    );
    return [
      {
        what: "store ingest vs the raw driver, same blobs and pragmas",
        value: `${(result.ours * 1000).toFixed(0)} vs ${(result.other * 1000).toFixed(0)} samples/s`,
        ...result,
        goal: "≥ 0.6×",
        met: result.ratio >= 0.6,
      },
    ];
  } finally {
    db.close();
    await stores.close();
    rmSync(folder, { recursive: true, force: true });
  }
};
