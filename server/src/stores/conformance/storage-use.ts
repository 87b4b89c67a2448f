import { describe, expect, test } from "vitest";
import { loadTestOf, runOf, sampleOf } from "../testing/fixtures.ts";
import { openedStores, type OpenStores, range } from "./harness.ts";

/** 16 of them do not fit into what is free in a new file. */
const BODY = new Uint8Array(256 << 10).map((_, index) => (index * 7919) >> 3);

export const storageUseConformance = (open: OpenStores): void => {
  describe("the storage use", () => {
    const stores = openedStores(open);

    test("grows with load tests, runs and metrics, in numbers and in bytes", async () => {
      const before = await stores().storageUse();
      const run = runOf();
      await stores().loadTests.create(loadTestOf());
      await stores().loadTests.create(loadTestOf());
      await stores().runs.create(run);
      const records = range(1, 16).map((seq) => sampleOf({ runId: run.id, seq, body: BODY }));
      await stores().metrics.append(records);
      const place = { runId: run.id, series: "all", level: 1, start: 0 };
      await stores().metrics.compact(run.id, records.slice(0, 8), [{ ...place, body: BODY }]);

      const after = await stores().storageUse();
      expect(after).toMatchObject({ loadTests: before.loadTests + 2, runs: before.runs + 1 });
      // SQLite would have to count them.
      const counts = [before.metricRecords, after.metricRecords];
      expect(counts).toEqual(
        stores().kind === "sqlite"
          ? [undefined, undefined]
          : [expect.any(Number), (before.metricRecords ?? 0) + 9],
      );
      if (stores().kind === "memory") {
        expect([after.bytes, after.metricBytes]).toEqual([undefined, undefined]);
        return;
      }
      expect(after.metricBytes).toBeGreaterThan(0);
      expect(after.bytes).toBeGreaterThan(after.metricBytes ?? Infinity);
      // MongoDB writes to its files, and tells their sizes, some time later.
      if (stores().kind === "sqlite") {
        const grown = (after.metricBytes ?? 0) - (before.metricBytes ?? 0);
        expect(grown).toBeGreaterThan(2 << 20);
        expect(after.bytes).toBeGreaterThan((before.bytes ?? Infinity) + (2 << 20));
      }
    });
  });
};
