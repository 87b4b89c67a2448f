import { Binary, type Db, type Document, Long } from "mongodb";
import { describe, expect, test } from "vitest";
import { onMongo } from "@load-manager/server/stores/testing/test-database.ts";
import { migrate } from "../migrate.ts";
import { fillLegacy } from "../testing/legacy-fixtures.ts";
import { depsOf, inDatabase, INPUT } from "../testing/migrate-fixtures.ts";
import { differingFields, digestOf } from "./digest.ts";
import { verifyMigrated } from "./verify-migrated.ts";

test("a document has one digest, whatever the order of its fields and the types of its numbers", () => {
  const document = { _id: "a", count: 5, part: { x: 1, y: [1, { a: 1, b: 2 }] } };
  const again = { part: { y: [1, { b: 2, a: 1 }], x: Long.fromNumber(1) }, count: 5, _id: "a" };
  expect(digestOf(again)).toBe(digestOf(document));
  expect(differingFields(again, document)).toEqual([]);
});

test.each([
  [
    { _id: "a", x: [1, 2] },
    { _id: "a", x: [2, 1] },
  ],
  [{ _id: "a", x: 1 }, { _id: "a" }],
  [{ _id: "a", x: null }, { _id: "a" }],
  [
    { _id: "a", x: "1" },
    { _id: "a", x: 1 },
  ],
  [
    { _id: "a", x: new Binary(Buffer.from([1])) },
    { _id: "a", x: new Binary(Buffer.from([2])) },
  ],
])("%j and %j differ in x", (one, other) => {
  expect(digestOf(one)).not.toBe(digestOf(other));
  expect(differingFields(one, other)).toEqual(["x"]);
});

const COLLECTIONS = [
  "script_blobs",
  "run_live",
  "script_revisions",
  "load_test_runs",
  "load_tests",
  "metrics_timeseries",
];

/** A value of the same type that differs as little as possible. */
const changed = (value: unknown): unknown => {
  if (typeof value === "string") return `${value} `;
  if (typeof value === "number") return value + 1;
  if (typeof value === "boolean") return !value;
  if (value instanceof Binary) {
    const bytes = Buffer.from(value.buffer.subarray(0, value.position));
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    return new Binary(bytes);
  }
  if (Array.isArray(value)) return value.length === 0 ? ["x"] : value.slice(1);
  if (value === null) return 0;
  const [[name, part] = ["x", "x"]] = Object.entries(value as Document);
  return { ...(value as Document), [name]: changed(part) };
};

type Mutation = { readonly id: string; readonly field: string };

/** Changes each field of the collection's documents once, each in another document. `undo` takes it back. */
const mutate = async (
  db: Db,
  collection: string,
  change: (field: string, value: unknown) => Document,
) => {
  const own = db.collection<Document & { _id: string }>(collection);
  const documents = await own.find().toArray();
  const fields = new Set(documents.flatMap((document) => Object.keys(document)));
  fields.delete("_id");
  const before = new Map<string, Document & { _id: string }>();
  const mutations: Mutation[] = [];
  for (const field of fields) {
    const document = documents.find((one) => !before.has(one._id) && field in one);
    if (document === undefined)
      throw new Error(`${collection} has too few documents with ${field}`);
    before.set(document._id, document);
    mutations.push({ id: document._id, field });
    await own.updateOne({ _id: document._id }, change(field, document[field]));
  }
  const undo = async (): Promise<void> => {
    for (const [_id, document] of before) await own.replaceOne({ _id }, document);
  };
  return { mutations, undo };
};

onMongo((options) => {
  describe("the verification", () => {
    test.each([
      ["changed", (field: string, value: unknown) => ({ $set: { [field]: changed(value) } })],
      ["removed", (field: string) => ({ $unset: { [field]: "" } })],
    ])("finds every field that was %s, in every collection", async (_what, change) => {
      await inDatabase(options, "mutations", async (db) => {
        await fillLegacy(db, { shapes: ["camel"], tests: 60, runs: 60, metrics: 1, malformed: 3 });
        await migrate(depsOf(db), INPUT);
        for (const name of COLLECTIONS) {
          const { mutations, undo } = await mutate(db, name, change);
          expect(mutations.length).toBeGreaterThan(3);
          const verified = await verifyMigrated(depsOf(db), INPUT);
          const faults = verified.find(({ collection }) => collection === name)?.faults ?? [];
          for (const { id, field } of mutations) {
            const ofField = faults.filter(
              (fault) => fault.startsWith(`${id}: `) && fault.includes(field),
            );
            expect([name, field, ofField]).not.toEqual([name, field, []]);
          }
          await undo();
        }
        const verified = await verifyMigrated(depsOf(db), INPUT);
        expect(verified.flatMap(({ faults }) => faults)).toEqual([]);
      });
    });
  });
});
