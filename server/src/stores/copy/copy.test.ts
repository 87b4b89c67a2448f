import { join } from "node:path";
import { MongoClient } from "mongodb";
import { afterAll, describe, expect, test } from "vitest";
import { uuidV7 } from "../../lib/ids.ts";
import { denormalizedTotalsOfRecord } from "../../metrics/codec/denormalized-totals.ts";
import { loadTestQuery, runOf } from "../testing/fixtures.ts";
import { rejection } from "../conformance/harness.ts";
import { DUMP_KINDS } from "../dump.ts";
import { createMemoryStores } from "../memory/stores.ts";
import { openMongoStores } from "../mongo/stores.ts";
import type { Stores } from "../ports.ts";
import { openSqliteStores } from "../sqlite/stores.ts";
import { copyStore } from "./copy.ts";
import { answersOf, fill } from "../testing/copy-fixtures.ts";
import { temporaryFolder } from "../../lib/testing/temporary-folder.ts";
import { EVERYTHING } from "../model/collection.ts";

const root = temporaryFolder();
let folders = 0;
const folder = (): string => join(root, String((folders += 1)));
const URI = process.env["LOAD_MANAGER_TEST_MONGODB_URI"];
const databases: string[] = [];
const mongo = (database = `load_manager_copy_${uuidV7.next().slice(-12)}`) => {
  databases.push(database);
  return {
    uri: URI ?? "",
    database,
    connectTimeoutSeconds: 10,
    maxPoolSize: 20,
    unfinished: true,
  };
};
afterAll(async () => {
  if (URI === undefined) return;
  const client = new MongoClient(URI);
  for (const database of new Set(databases)) await client.db(database).dropDatabase();
  await client.close();
});

const sqlite = (dataDir = folder()) => openSqliteStores({ dataDir, unfinished: true });
const copy = (source: Stores, target: Stores, more: { force?: boolean } = {}) => {
  const said: string[] = [];
  return copyStore({
    source,
    target,
    from: "sqlite:/one",
    to: "the other",
    owner: uuidV7.next(),
    force: false,
    totalsOf: denormalizedTotalsOfRecord,
    sleep: async () => {},
    say: (line) => said.push(line),
    onProgress: () => {},
    ...more,
  }).then((copied) => ({ ...copied, said }));
};

/** Expects everything that a user sees to be the same in both. */
const expectSame = async (one: Stores, other: Stores, runIds: readonly string[]) => {
  for (const runId of runIds) {
    expect(await answersOf(other, runId)).toEqual(await answersOf(one, runId));
    expect(await other.runs.get(runId)).toEqual(await one.runs.get(runId));
    expect(await other.runs.getLive([runId])).toEqual(await one.runs.getLive([runId]));
    const messages = async ({ events }: Stores) =>
      (await events.after(runId, 0, 10)).map(({ event }) => event.message);
    expect(await messages(other)).toEqual(["the 1.", "the 2.", "the 3."]);
    expect(await messages(one)).toEqual(await messages(other));
  }
  const listed = ({ loadTests }: Stores) => loadTests.list(loadTestQuery({ q: "ä" }), EVERYTHING);
  expect(await listed(other)).toEqual(await listed(one));
  for (const sha of ["sha1", "sha2", "empty"]) {
    expect([...((await other.revisions.content(sha)) ?? [9])]).toEqual([
      ...((await one.revisions.content(sha)) ?? []),
    ]);
  }
  expect(await other.leases.get("local", 0)).toStrictEqual({
    clusterId: "local",
    slot: 0,
    holder: "c",
    fence: 3,
  });
};

const kinds: readonly [name: string, open: () => Promise<Stores>][] = [
  ["memory", async () => createMemoryStores()],
  ["sqlite", () => sqlite()],
  ...(URI === undefined ? [] : [["mongodb", () => openMongoStores(mongo())] as const]),
].map(([name, open]) => [name, open] as [string, () => Promise<Stores>]);

describe("a copy", { timeout: 300_000 }, () => {
  for (const [from, openFrom] of kinds) {
    for (const [to, openTo] of kinds) {
      if (from === to && from !== "sqlite") continue;
      test(`from ${from} to ${to} is the same, and so is the copy back`, async () => {
        const [source, target, back] = [await openFrom(), await openTo(), await openFrom()];
        const { runIds } = await fill(source, 2);
        const copied = await copy(source, target);
        expect(copied.same).toBe(true);
        expect(copied.comparisons.map(({ kind, source: { count } }) => [kind, count > 0])).toEqual(
          DUMP_KINDS.map((kind) => [kind, true]),
        );
        await expectSame(source, target, runIds);
        expect(await target.dump.mark()).toBeUndefined();
        const again = await copy(target, back);
        expect(again.comparisons.map(({ target: sum }) => sum)).toEqual(
          copied.comparisons.map(({ source: sum }) => sum),
        );
        await expectSame(source, back, runIds);
        for (const stores of [source, target, back]) await stores.close();
      });
    }
  }

  test("writes totals beside the bytes, for programs that read MongoDB", async () => {
    if (URI === undefined) return;
    const [source, place] = [await sqlite(), mongo()];
    const { runIds } = await fill(source, 1);
    const target = await openMongoStores(place);
    await copy(source, target);
    const client = new MongoClient(URI);
    const found = await client
      .db(place.database)
      .collection("metrics_timeseries")
      .findOne({ loadTestRunId: runIds[0] ?? "", timestamp: 1_590_000 });
    await client.close();
    const run = await source.runs.get(runIds[0] ?? "");
    expect(found).toMatchObject({ accountId: run?.accountId, requests: 8, currentUsers: 5 });
    await source.close();
    await target.close();
  });

  test("resumes after an interruption, and copies again what has changed in the source", async () => {
    for (const openTo of kinds.slice(1).map(([, open]) => open)) {
      const [source, target] = [await sqlite(), await openTo()];
      const { runIds, loadTest } = await fill(source, 2);
      let puts = 0;
      const failing: Stores = {
        ...target,
        dump: {
          ...target.dump,
          put: async (kind, records, totalsOf) => {
            puts += 1;
            if (kind === "metrics_rollups") throw new Error("broken off");
            await target.dump.put(kind, records, totalsOf);
          },
        },
      };
      expect(String(await rejection(copy(source, failing)))).toContain("broken off");
      const mark = await target.dump.mark();
      expect(JSON.parse(mark ?? "{}")).toMatchObject({
        what: "copy",
        command: "load-manager store copy --from sqlite:/one --to the other",
        progress: { load_tests: { done: true }, metrics_timeseries: { done: true } },
      });
      await source.loadTests.update(loadTest.id, loadTest.version, { name: "Ä new" });
      await source.metrics.append([
        { runId: "new", masterInstanceId: "b", seq: 1, type: 1, second: 0, body: Buffer.of(1) },
      ]);
      const before = puts;
      const copied = await copy(source, target);
      expect(before).toBeGreaterThan(8);
      expect(copied.same).toBe(true);
      expect(copied.said).toEqual([
        "A copy of sqlite:/one was broken off; it goes on.",
        "The load tests have changed since the copy was begun; copied anew.",
        "The metrics timeseries have changed since the copy was begun; copied anew.",
      ]);
      await expectSame(source, target, runIds);
      await source.close();
      await target.close();
    }
  });

  test("is ended by a later copy to the same target", async () => {
    const [source, target] = [createMemoryStores(), createMemoryStores()];
    await fill(source, 1);
    let second: Promise<{ same: boolean }> | undefined;
    const watched: Stores = {
      ...source,
      dump: {
        ...source.dump,
        walk: async (kind, after) => {
          if (kind === "metrics_timeseries" && second === undefined) {
            second = copy(source, target);
            await second;
          }
          return source.dump.walk(kind, after);
        },
      },
    };
    expect(String(await rejection(copy(watched, target)))).toContain("taken over");
    expect((await second)?.same).toBe(true);
  });

  test("refuses a target that holds something else, and says what", async () => {
    const [source, target] = [createMemoryStores(), createMemoryStores()];
    await fill(source, 1);
    await fill(target, 1);
    expect(String(await rejection(copy(source, target)))).toMatch(
      /the other is not empty: it holds load_tests \(1\), script_revisions \(2\)/,
    );
    const other = createMemoryStores();
    const mark = { what: "copy", source: "sqlite:/three", command: "do this" };
    await other.dump.setMark(undefined, JSON.stringify(mark));
    expect(String(await rejection(copy(source, other)))).toMatch(/sqlite:\/three.*do this/);
  });

  test("refuses active runs by name; pending runs are copied", async () => {
    const [source, target] = [createMemoryStores(), createMemoryStores()];
    const pending = runOf();
    const running = runOf({ status: "Running", name: "Soak" });
    await source.runs.create(pending);
    await source.runs.create(running);
    expect(String(await rejection(copy(source, target, { force: true })))).toContain(
      `Soak (${running.id}, Running)`,
    );
    await source.runs.delete(running.id, 1);
    expect(await copy(source, target)).toMatchObject({ same: true, waiting: 1 });
  });

  test("refuses while a server has a heartbeat on either side, and leaves no mark", async () => {
    for (const side of ["source", "target"] as const) {
      const plain = { source: createMemoryStores(), target: createMemoryStores() };
      await fill(plain.source, 1);
      let beats = 0;
      const used: Stores = {
        ...plain[side],
        shared: true,
        leases: {
          ...plain[side].leases,
          heartbeats: async () =>
            new Map([
              ["gone", 5],
              ["alive", (beats += 1)],
            ]),
        },
      };
      const source = side === "source" ? used : plain.source;
      const target = side === "target" ? used : plain.target;
      expect(String(await rejection(copy(source, target)))).toMatch(/A server is using/);
      expect(await target.dump.mark()).toBeUndefined();
      if (side === "source") {
        expect((await copy(source, target, { force: true })).same).toBe(true);
      }
    }
  });

  test("with a difference reports it and keeps the mark", async () => {
    const [source, target] = [createMemoryStores(), createMemoryStores()];
    const { loadTest } = await fill(source, 1);
    const spoiling: Stores = {
      ...target,
      dump: {
        ...target.dump,
        put: (kind, records, totalsOf) =>
          target.dump.put(
            kind,
            kind === "metrics_rollups"
              ? records.map((one, index) => (index === 0 ? { ...one, body: Buffer.of(1) } : one))
              : records,
            totalsOf,
          ),
      },
    };
    const copied = await copy(source, spoiling);
    expect(copied.same).toBe(false);
    expect(
      copied.comparisons.filter(({ source: a, target: b }) => a.checksum !== b.checksum),
    ).toHaveLength(1);
    expect(await target.dump.mark()).toBeDefined();
    expect(await target.loadTests.get(loadTest.id)).toEqual(loadTest);
  });

  test("that is incomplete keeps servers from starting on the target", async () => {
    const mark = JSON.stringify({ what: "copy", source: "sqlite:/one", command: "store copy …" });
    const dataDir = folder();
    const stores = await sqlite(dataDir);
    await stores.dump.setMark(undefined, mark);
    await stores.close();
    expect(String(await rejection(openSqliteStores({ dataDir })))).toMatch(
      /part of a copy of sqlite:\/one.*store copy …/,
    );
    if (URI === undefined) return;
    const { unfinished: _unfinished, ...place } = mongo();
    const there = await openMongoStores(place);
    await there.dump.setMark(undefined, mark);
    await there.close();
    expect(String(await rejection(openMongoStores(place)))).toMatch(/part of a copy of sqlite/);
  });
});
