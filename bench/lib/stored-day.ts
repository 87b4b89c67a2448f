import { pino } from "pino";
import { createCompactor } from "../../server/src/metrics/rollups/compactor.ts";
import { testRun } from "../../server/src/metrics/testing/fixtures.ts";
import { openSqliteStores } from "../../server/src/stores/sqlite/stores.ts";
import { type Cell, rowsOf, sampleBody } from "./payload.ts";

export const DAY_SECONDS = 24 * 3600;
/** The first second: a day and an hour ago. */
export const DAY_BEGIN = Math.floor(Date.now() / 3_600_000 - 25) * 3600;

/** Stores the ended run `run-0` of a day, rolled up. `cellsAt`: what each endpoint did in a second of the day. */
export const storeDay = async (
  dataDir: string,
  cellsAt: (second: number) => readonly Cell[],
): Promise<void> => {
  const stores = await openSqliteStores({ dataDir });
  for (let from = 0; from < DAY_SECONDS; from += 300) {
    const list = Array.from({ length: 300 }, (_, index) =>
      sampleBody(DAY_BEGIN + from + index, cellsAt(from + index), from + index === 0),
    );
    const rows = rowsOf("run-0", list, DAY_BEGIN + from);
    await stores.metrics.append(rows.map((row, index) => ({ ...row, seq: from + index + 1 })));
  }
  const now = () => (DAY_BEGIN + DAY_SECONDS + 3600) * 1000;
  const compactor = createCompactor({
    metrics: stores.metrics,
    clock: { now, monotonic: () => performance.now(), wall: now },
    log: pino({ level: "warn" }),
    retention: { secondsDays: 14, tenSecondsDays: 90 },
    keptRunIds: async () => [],
  });
  await compactor.runOnce();
  await compactor.stop();
  await stores.runs.create(
    testRun({
      id: "run-0",
      status: "Finished",
      settledAt: 1,
      loadStartedAt: DAY_BEGIN * 1000,
      loadEndedAt: (DAY_BEGIN + DAY_SECONDS) * 1000,
      finishedAt: (DAY_BEGIN + DAY_SECONDS) * 1000,
    }),
  );
  await stores.close();
};
