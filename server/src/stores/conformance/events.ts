import { describe, expect, test } from "vitest";
import { freshId } from "../testing/fixtures.ts";
import { allPages, expectProblem, openedStores, type OpenStores } from "./harness.ts";

const eventOf = (at: number, message: string, id = freshId()) => ({
  id,
  at,
  type: "note",
  message,
});

export const eventConformance = (open: OpenStores): void => {
  describe("run events", () => {
    const stores = openedStores(open);
    const store = () => stores().events;
    const messages = async (runId: string, limit = 100) => {
      const pages = await allPages((cursor) => store().list(runId, { limit, cursor }));
      return pages.map((page) => page.map((event) => event.message));
    };

    test("lists oldest first, of one time in the order of arrival", async () => {
      const runId = freshId();
      await store().append(runId, [eventOf(20, "c"), eventOf(20, "d"), eventOf(30, "f")]);
      await store().append(runId, [eventOf(20, "e"), eventOf(10, "a"), eventOf(10, "b")]);
      await store().append(freshId(), [eventOf(15, "of another run")]);
      await store().append(runId, []);
      expect(await messages(runId)).toEqual([["a", "b", "c", "d", "e", "f"]]);
      expect(await messages(runId, 4)).toEqual([
        ["a", "b", "c", "d"],
        ["e", "f"],
      ]);
      expect(await messages(runId, 1)).toEqual([["a"], ["b"], ["c"], ["d"], ["e"], ["f"]]);
      expect(await messages(freshId())).toEqual([[]]);
    });

    test("the same id twice is one event, the first", async () => {
      const runId = freshId();
      const event = eventOf(10, "once");
      await store().append(runId, [event, event]);
      await store().append(runId, [{ ...event, message: "again" }, eventOf(11, "new")]);
      expect(await messages(runId)).toEqual([["once", "new"]]);
    });

    test("takes in and hands out deep copies, without the id", async () => {
      const runId = freshId();
      const given = { ...eventOf(10, "m"), data: { "a.b": { list: [1] } } };
      const { id: _, ...shown } = structuredClone(given);
      await store().append(runId, [given]);
      given.data["a.b"].list.pop();
      const page = await store().list(runId, { limit: 1 });
      expect(page).toStrictEqual({ items: [shown] });
      Object.assign(page.items[0]?.data ?? {}, { changed: true });
      expect((await store().list(runId, { limit: 1 })).items).toStrictEqual([shown]);
    });

    test("a cursor stays right when events arrive; a wrong one is an error", async () => {
      const runId = freshId();
      await store().append(runId, [eventOf(10, "a"), eventOf(20, "b"), eventOf(30, "c")]);
      const { nextCursor } = await store().list(runId, { limit: 2 });
      await store().append(runId, [eventOf(5, "late"), eventOf(40, "d")]);
      const next = await store().list(runId, { limit: 9, cursor: nextCursor });
      expect(next.items.map((event) => event.message)).toEqual(["c", "d"]);
      const wrong = Buffer.from(JSON.stringify(["at", 10, "x"])).toString("base64url");
      for (const cursor of ["x", wrong]) {
        await expectProblem(store().list(runId, { limit: 1, cursor }), "validation", "cursor");
      }
    });

    test("a follower reads what has arrived after its place, whatever the times", async () => {
      const runId = freshId();
      await store().append(runId, [eventOf(20, "a"), eventOf(10, "b")]);
      await store().append(freshId(), [eventOf(1, "of another run")]);
      const first = await store().after(runId, 0, 1);
      expect(first.map(({ event }) => event.message)).toEqual(["a"]);
      await store().append(runId, [eventOf(5, "c")]);
      const rest = await store().after(runId, first[0]?.arrival ?? 0, 9);
      expect(rest.map(({ event }) => [event.at, event.message])).toEqual([
        [10, "b"],
        [5, "c"],
      ]);
      expect(rest[0]?.event).not.toHaveProperty("id");
      expect(await store().after(runId, rest[1]?.arrival ?? 0, 9)).toEqual([]);
    });

    test("deletes the events of one run", async () => {
      const [gone, kept] = [freshId(), freshId()];
      await store().append(gone, [eventOf(1, "a"), eventOf(2, "b")]);
      await store().append(kept, [eventOf(1, "c")]);
      await store().deleteRun(gone);
      await store().deleteRun(gone);
      expect([await messages(gone), await messages(kept)]).toEqual([[[]], [["c"]]]);
    });
  });
};
