import type { Document } from "mongodb";
import { describe, expect, test } from "vitest";
import { onMongo } from "@load-manager/server/stores/testing/test-database.ts";
import { inDatabase } from "../testing/migrate-fixtures.ts";
import { withNamed } from "./in-order.ts";

const each = async function* (ids: readonly string[]): AsyncGenerator<string> {
  yield* ids;
};

onMongo((options) => {
  describe("items with the documents that they name", () => {
    // More than two pages of documents: "00000", "00002", "00004" …
    const stored = Array.from({ length: 4500 }, (_, n) => ({
      _id: String(n * 2).padStart(5, "0"),
      n,
    }));
    const first = stored.slice(0, 3).map(({ _id }) => _id);
    const last = stored.at(-1)?._id ?? "";
    test.each([
      ["every document, and ids between them", stored.flatMap(({ _id }) => [_id, `${_id}x`])],
      ["one document for several items", first.flatMap((id) => [id, id, id])],
      ["only the ends", ["", "00000", last, "99999"]],
      ["ids in another order", [last, ...first.toReversed(), "00001", last]],
      ["ids in the server's order, which is not JavaScript's", ["00000", "\uFFFD", "\u{1F600}"]],
    ])("%s", async (_what, ids) => {
      await inDatabase(options, "in_order", async (db) => {
        const collection = db.collection<Document & { _id: string }>("named");
        await collection.insertMany([
          ...stored,
          { _id: "\uFFFD", n: -1 },
          { _id: "\u{1F600}", n: -2 },
        ]);
        const known = new Map(
          (await collection.find().toArray()).map((one) => [one._id, one["n"] as unknown]),
        );
        const found: (readonly [string, unknown])[] = [];
        for await (const [id, document] of withNamed(each(ids), (one) => one, collection))
          found.push([id, document?.["n"]]);
        expect(found).toEqual(ids.map((id) => [id, known.get(id)]));
      });
    });
  });
});
