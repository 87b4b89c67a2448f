import { describe, expect, test } from "vitest";
import { DUMP_KINDS, type DumpKind, type DumpRecords } from "../dump.ts";
import {
  freshId,
  loadTestOf,
  loadTestQuery,
  revisionOf,
  runOf,
  sampleOf,
  snapshotOf,
} from "../testing/fixtures.ts";
import { openedStores, range, type OpenStores } from "./harness.ts";
import { putMissingSamples } from "../testing/samples.ts";

const MASTER_INSTANCE = "c".repeat(32);

/** Bytes as text: a view and a buffer of their own are equal. */
const plain = (records: readonly unknown[]): unknown[] =>
  records.map((record) =>
    Object.fromEntries(
      Object.entries(record as object).map(([field, value]) => [
        field,
        value instanceof Uint8Array ? Buffer.from(value).toString("hex") : (value as unknown),
      ]),
    ),
  );

export const dumpConformance = (open: OpenStores): void => {
  describe("the dump", () => {
    const stores = openedStores(open);

    const all = async <K extends DumpKind>(kind: K): Promise<DumpRecords[K][]> => {
      const found: DumpRecords[K][] = [];
      for (let after: string | undefined; ;) {
        const { records, last } = await stores().dump.walk(kind, after);
        found.push(...records);
        if (last === undefined) return found;
        after = last;
      }
    };
    const mine = async <K extends DumpKind>(
      kind: K,
      is: (record: DumpRecords[K]) => boolean,
    ): Promise<unknown[]> => plain((await all(kind)).filter(is));

    test("walks what the other ports wrote, each record once", async () => {
      const { loadTests, revisions, runs, events, leases, keys, metrics } = stores();
      const loadTest = loadTestOf({ name: "ÄΣ", metadata: { "a.b": "$1" } });
      const revision = revisionOf({ loadTestId: loadTest.id });
      const [sha256, empty] = [freshId(), freshId()];
      const run = runOf({ loadTestId: loadTest.id, keep: true });
      const live = snapshotOf({ requestStats: {} });
      const lease = { clusterId: freshId(), slot: 2, holder: "s" };
      const key = { id: freshId(), fingerprint: "f", owner: "s", createdAt: 5 };
      const answer = { status: 201, headers: { a: "b" }, body: "{}" };
      await loadTests.create(loadTest);
      await revisions.create(
        revision,
        new Map([
          [sha256, Uint8Array.of(1, 2)],
          [empty, new Uint8Array()],
        ]),
      );
      await runs.create(run);
      await runs.setLive(run.id, live);
      const recorded = range(1, 3).map((at) => ({
        id: freshId(),
        at: 9 - at,
        type: "t",
        message: "m",
      }));
      await events.append(run.id, recorded);
      await leases.claim({ ...lease, runId: run.id }, undefined);
      await keys.take(key, undefined);
      await keys.finish(key.id, "s", answer);
      const records = range(1, 4).map((seq) =>
        sampleOf({ runId: run.id, masterInstanceId: MASTER_INSTANCE, seq }),
      );
      const rollup = (start: number, byte: number) => ({
        runId: run.id,
        series: start === 0 ? "" : "a".repeat(16),
        level: 1,
        start,
        body: Uint8Array.of(byte),
      });
      await metrics.append(records);
      await metrics.compact(run.id, records.slice(1, 3), [rollup(0, 1), rollup(300, 2)]);
      await metrics.compact(run.id, [], [rollup(0, 3)]);

      const ofRun = ({ runId }: { readonly runId: string }) => runId === run.id;
      expect(await mine("load_tests", ({ id }) => id === loadTest.id)).toEqual([loadTest]);
      expect(await mine("script_revisions", ({ id }) => id === revision.id)).toEqual([revision]);
      expect(await mine("script_blobs", (blob) => [sha256, empty].includes(blob.sha256))).toEqual([
        { sha256, content: "0102" },
        { sha256: empty, content: "" },
      ]);
      expect(await mine("load_test_runs", ({ id }) => id === run.id)).toEqual([run]);
      expect(await mine("run_live", ofRun)).toEqual([{ runId: run.id, live }]);
      const arrived = (await all("run_events")).filter(ofRun);
      expect(arrived.map(({ id, event }) => ({ id, ...event }))).toEqual(recorded);
      expect(arrived.map(({ arrival }) => arrival)).toEqual(
        (await events.after(run.id, 0, 10)).map(({ arrival }) => arrival),
      );
      expect(await mine("leases", ({ clusterId }) => clusterId === lease.clusterId)).toEqual([
        { ...lease, fence: 1 },
      ]);
      expect(await mine("idempotency_keys", ({ id }) => id === key.id)).toEqual([
        { ...key, answer },
      ]);
      expect(await mine("metrics_timeseries", ofRun)).toEqual(plain([records[0], records[3]]));
      const rollups = await mine("metrics_rollups", ofRun);
      expect(rollups).toHaveLength(2);
      expect(rollups).toEqual(expect.arrayContaining(plain([rollup(0, 3), rollup(300, 2)])));
      expect(await mine("metrics_compacted", ofRun)).toEqual([
        { runId: run.id, compacted: [{ masterInstanceId: MASTER_INSTANCE, fromSeq: 2, toSeq: 3 }] },
      ]);
      await putMissingSamples(stores());
      for (const kind of DUMP_KINDS) {
        expect(await stores().dump.count(kind)).toBeGreaterThan(0);
      }
    });

    test("goes on after any place, also in the middle of many", async () => {
      const runId = freshId();
      const records = range(1, 1100).map((seq) =>
        sampleOf({ runId, masterInstanceId: MASTER_INSTANCE, seq }),
      );
      await stores().metrics.append(records);
      const found = (await all("metrics_timeseries")).filter((record) => record.runId === runId);
      expect(new Set(found.map(({ seq }) => seq)).size).toBe(1100);
      expect(found).toHaveLength(1100);
      await stores().metrics.deleteRun(runId);
    });

    test("what is put is what the other ports read; the same again changes nothing", async () => {
      const { dump, loadTests, revisions, runs, events, leases, keys, metrics } = stores();
      const loadTest = loadTestOf({ name: "Σ of all", tags: ["x"], metadata: { "a.b": "$" } });
      const revision = revisionOf({ loadTestId: loadTest.id });
      const large = new Uint8Array((8 << 20) + 5).fill(7);
      const sha256 = freshId();
      const run = runOf({ loadTestId: loadTest.id, status: "Finished", settledAt: 5 });
      const live = snapshotOf({ timestamp: 7 });
      const other = runOf();
      const eventOf = (runId: string, arrival: number) => ({
        runId,
        arrival,
        id: `${runId}:${arrival}`,
        event: { at: 100 - arrival, type: "t", message: String(arrival) },
      });
      const recorded = [eventOf(run.id, 2), eventOf(run.id, 7), eventOf(other.id, 3)];
      const lease = { clusterId: freshId(), slot: 1, holder: "s", fence: 41 };
      const key = { id: freshId(), fingerprint: "f", owner: "s", createdAt: 5 };
      const records = [1, 4].map((seq) =>
        sampleOf({ runId: run.id, masterInstanceId: MASTER_INSTANCE, seq }),
      );
      const rollups = [1, 2].map((byte) => ({
        runId: run.id,
        series: "a".repeat(16),
        level: 10,
        start: byte * 300,
        body: Uint8Array.of(byte),
      }));
      const compacted = [
        { masterInstanceId: MASTER_INSTANCE, fromSeq: 2, toSeq: 3 },
        { masterInstanceId: MASTER_INSTANCE, fromSeq: 6, toSeq: 9 },
      ];
      for (const round of [1, 2]) {
        await dump.put("load_tests", [{ ...loadTest, defaultUsers: round }]);
        await dump.put("script_revisions", [revision]);
        await dump.put("script_blobs", [{ sha256, content: large }]);
        await dump.put("load_test_runs", [other, { ...run, notes: `round ${round}` }]);
        await dump.put("run_live", [{ runId: run.id, live }]);
        await dump.put("run_events", recorded);
        await dump.put("leases", [lease]);
        await dump.put("idempotency_keys", [key]);
        await dump.put("metrics_timeseries", records);
        await dump.put("metrics_rollups", rollups);
        await dump.put("metrics_compacted", [{ runId: run.id, compacted }]);
      }
      await dump.put("leases", []);
      expect(await loadTests.get(loadTest.id)).toEqual({ ...loadTest, defaultUsers: 2 });
      const named = await loadTests.list(loadTestQuery({ q: "ς of" }), [
        { accountId: loadTest.accountId },
      ]);
      expect(named.items.map(({ id }) => id)).toEqual([loadTest.id]);
      expect(await revisions.newest(loadTest.id)).toEqual(revision);
      expect(Buffer.compare((await revisions.content(sha256)) ?? Buffer.of(), large)).toBe(0);
      expect(await runs.get(run.id)).toEqual({ ...run, notes: "round 2" });
      expect((await runs.unsettled()).map(({ id }) => id)).toContain(other.id);
      expect((await runs.getLive([run.id])).get(run.id)).toEqual(live);
      const read = await events.after(run.id, 0, 10);
      expect(read.map(({ event }) => event.message)).toEqual(["2", "7"]);
      expect(read[0]?.arrival).toBeGreaterThanOrEqual(2);
      expect(read[1]?.arrival).toBeGreaterThanOrEqual(7);
      await events.append(run.id, [{ id: freshId(), at: 0, type: "t", message: "next" }]);
      expect((await events.after(run.id, read[1]?.arrival ?? 0, 9))[0]?.event.message).toBe("next");
      expect(await leases.get(lease.clusterId, 1)).toStrictEqual(lease);
      expect((await leases.claim({ ...lease, holder: "t" }, 41))?.fence).toBe(42);
      expect(await keys.get(key.id)).toEqual(key);
      expect((await metrics.read(run.id)).map(({ seq }) => seq)).toEqual([1, 4]);
      const reading = await metrics.readRollups(run.id, {
        rollups: [{ level: 10, series: "endpoints", fromStart: 0, toStart: 900 }],
        records: {},
      });
      expect(plain(reading.rollups)).toEqual(plain(rollups));
      expect(reading.compacted).toEqual(compacted);
      expect(
        await metrics.append([
          sampleOf({ runId: run.id, masterInstanceId: MASTER_INSTANCE, seq: 7 }),
        ]),
      ).toEqual({
        inserted: [],
        conflicting: [],
      });
      // Compacting goes on from there.
      expect(await metrics.compact(run.id, records.slice(1), [])).toBe(true);
      expect((await metrics.readRollups(run.id, { rollups: [] })).compacted).toEqual([
        { masterInstanceId: MASTER_INSTANCE, fromSeq: 2, toSeq: 4 },
        compacted[1],
      ]);
      expect(plain(await all("metrics_rollups"))).toEqual(expect.arrayContaining(plain(rollups)));
    });

    test("the mark changes only where it is what was seen", async () => {
      const { dump } = stores();
      expect(await dump.mark()).toBeUndefined();
      expect(await dump.setMark("other", "a")).toBe(false);
      expect(await dump.setMark(undefined, "a")).toBe(true);
      expect(await dump.setMark(undefined, "b")).toBe(false);
      expect(await dump.mark()).toBe("a");
      expect(await dump.setMark("a", "b")).toBe(true);
      expect(await dump.setMark("a", undefined)).toBe(false);
      expect(await dump.setMark("b", undefined)).toBe(true);
      expect(await dump.mark()).toBeUndefined();
    });

    test("clears a kind, and leaves rollups what they are", async () => {
      const { dump, metrics } = stores();
      const runId = freshId();
      const rollup = { runId, series: "", level: 1, start: 0, body: Uint8Array.of(1) };
      await metrics.append([sampleOf({ runId })]);
      await metrics.compact(runId, [sampleOf({ runId })], [rollup]);
      await dump.clear("metrics_compacted");
      const query = { rollups: [{ level: 1, series: [""], fromStart: 0, toStart: 0 }] };
      const left = await metrics.readRollups(runId, query);
      expect([left.rollups.length, left.compacted]).toEqual([1, []]);
      for (const kind of DUMP_KINDS.toReversed()) {
        await dump.clear(kind);
        expect(await all(kind)).toEqual([]);
      }
      expect(await metrics.read(runId)).toEqual([]);
    });
  });
};
