import { describe, expect, test } from "vitest";
import { freshId, revisionOf } from "../testing/fixtures.ts";
import { allPages, expectProblem, openedStores, range, type OpenStores } from "./harness.ts";

export const revisionConformance = (open: OpenStores): void => {
  describe("script revisions", () => {
    const stores = openedStores(open);
    const store = () => stores().revisions;

    test("stores the revision and its contents, as deep copies", async () => {
      const [sha256, empty] = [freshId(), freshId()];
      const revision = revisionOf({ requirements: "faker==1\n", description: "é" });
      const kept = structuredClone(revision);
      const bytes = Uint8Array.of(0, 255, 10);
      await store().create(
        revision,
        new Map([
          [sha256, bytes],
          [empty, new Uint8Array()],
        ]),
      );
      bytes.fill(7);
      revision.files.pop();
      const read = await store().get(kept.id);
      expect(read).toStrictEqual(kept);
      read?.files.pop();
      expect(await store().newest(kept.loadTestId)).toStrictEqual(kept);
      const content = await store().content(sha256);
      expect([...(content ?? [])]).toEqual([0, 255, 10]);
      content?.fill(9);
      expect([...((await store().content(sha256)) ?? [])]).toEqual([0, 255, 10]);
      expect((await store().content(empty))?.length).toBe(0);
      expect(await store().content(freshId())).toBeUndefined();
      expect(await store().get(freshId())).toBeUndefined();
      expect(await store().newest(freshId())).toBeUndefined();
    });

    test("a content that is there already stays", async () => {
      const sha256 = freshId();
      await store().create(revisionOf(), new Map([[sha256, Uint8Array.of(1)]]));
      await store().create(revisionOf(), new Map([[sha256, Uint8Array.of(2)]]));
      expect([...((await store().content(sha256)) ?? [])]).toEqual([1]);
    });

    test("keeps a revision of as many and as large files as there may be", async () => {
      const [large, small] = [freshId(), freshId()];
      // Beyond what one document of MongoDB holds, with a last part that is not full.
      const content = Buffer.alloc((17 << 20) + 3, "0123456789abcdef!");
      const files = range(1, 1000).map((index) => ({
        path: `${"folder/".repeat(60)}${index}.csv`,
        size: index === 1 ? content.length : 1,
        sha256: index === 1 ? large : small,
      }));
      const revision = revisionOf({ files });
      const contents = new Map([
        [large, content],
        [small, Uint8Array.of(7)],
      ]);
      await store().create(revision, contents);
      expect(await store().get(revision.id)).toStrictEqual(revision);
      const read = await store().files(revision);
      expect(read.size).toBe(1000);
      expect(Buffer.compare(read.get(files[0]?.path ?? "") ?? Buffer.alloc(0), content)).toBe(0);
      expect([...(read.get(files[999]?.path ?? "") ?? [])]).toEqual([7]);
    });

    test("the id and the number within a load test are unique", async () => {
      const revision = revisionOf();
      await store().create(revision, new Map());
      const sameId = { ...revision, loadTestId: freshId() };
      const sameNumber = { ...revision, id: freshId() };
      await expectProblem(store().create(sameId, new Map()), "conflict");
      await expectProblem(store().create(sameNumber, new Map()), "conflict");
      expect(await store().get(sameNumber.id)).toBeUndefined();
      expect(await store().newest(sameId.loadTestId)).toBeUndefined();
      expect(await store().newest(revision.loadTestId)).toEqual(revision);
    });

    test("of four that want the next number one gets it", async () => {
      const loadTestId = freshId();
      const made = await Promise.allSettled(
        range(1, 4).map(() => store().create(revisionOf({ loadTestId }), new Map())),
      );
      expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    });

    test("lists newest first, in pages that stay right when revisions are added", async () => {
      const loadTestId = freshId();
      for (const revisionNumber of [2, 1, 4, 3, 5]) {
        await store().create(revisionOf({ loadTestId, revisionNumber }), new Map());
      }
      await store().create(revisionOf(), new Map());
      const numbers = async (limit: number) => {
        const pages = await allPages((cursor) => store().list(loadTestId, { limit, cursor }));
        return pages.map((page) => page.map((revision) => revision.revisionNumber));
      };
      expect(await numbers(2)).toEqual([[5, 4], [3, 2], [1]]);
      expect(await numbers(5)).toEqual([[5, 4, 3, 2, 1]]);
      const { nextCursor } = await store().list(loadTestId, { limit: 2 });
      await store().create(revisionOf({ loadTestId, revisionNumber: 6 }), new Map());
      const next = await store().list(loadTestId, { limit: 9, cursor: nextCursor });
      expect(next.items.map((revision) => revision.revisionNumber)).toEqual([3, 2, 1]);
      await expectProblem(
        store().list(loadTestId, { limit: 1, cursor: "x" }),
        "validation",
        "cursor",
      );
      expect(await store().list(freshId(), { limit: 1 })).toEqual({ items: [] });
    });
  });
};
