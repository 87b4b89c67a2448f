import type { ScopeFilter } from "@load-manager/contract/model/primitives.ts";
import { describe, expect, test } from "vitest";
import { EVERYTHING, type Page, type Visible } from "../model/collection.ts";
import type { Stores } from "../ports.ts";
import { freshId, freshScope } from "../testing/fixtures.ts";
import { allPages, expectProblem, range } from "./harness.ts";

type Fields = {
  readonly id?: string;
  readonly accountId?: string;
  readonly orgId?: string;
  readonly projectId?: string;
  readonly envId?: string;
  readonly name?: string;
  readonly tags?: string[];
  readonly createdAt?: number;
};
type Query = ScopeFilter & {
  readonly sort?: string;
  readonly limit?: number;
  readonly cursor?: string | undefined;
  readonly tags?: string[];
  readonly q?: string;
};

/** The two entities that are listed, as the tests of lists see them. */
export type Listed = {
  readonly create: (stores: Stores, fields: Fields & Record<string, unknown>) => Promise<string>;
  readonly remove: (stores: Stores, id: string) => Promise<unknown>;
  readonly list: (
    stores: Stores,
    query: Query,
    visible: Visible,
  ) => Promise<Page<{ id: string; name: string }>>;
  /** Sorts by a time that an item may not have, and the field. */
  readonly sparse: { readonly sort: string; readonly field: string };
};

export const listConformance = (
  stores: () => Stores,
  { create, remove, list, sparse }: Listed,
): void => {
  describe("lists", () => {
    const ids = async (query: Query, visible: Visible = EVERYTHING) =>
      (await list(stores(), query, visible)).items.map((item) => item.id);
    const pages = async (query: Query) =>
      (await allPages((cursor) => list(stores(), { ...query, cursor }, EVERYTHING))).map((items) =>
        items.map((item) => item.id),
      );

    test("every named level of the scope must be equal", async () => {
      const { accountId } = freshScope();
      const make = (orgId: string, projectId: string, envId?: string) =>
        create(stores(), {
          accountId,
          orgId,
          projectId,
          ...(envId === undefined ? {} : { envId }),
        });
      const plain = await make("o1", "p1");
      const staging = await make("o1", "p1", "staging");
      const other = await make("o1", "p2");
      const foreign = await make("o2", "p1", "staging");
      const found = async (query: ScopeFilter, visible: Visible = EVERYTHING) =>
        new Set(await ids({ accountId, ...query }, visible));
      expect(await found({})).toEqual(new Set([plain, staging, other, foreign]));
      expect(await found({ orgId: "o1" })).toEqual(new Set([plain, staging, other]));
      expect(await found({ orgId: "o1", projectId: "p1" })).toEqual(new Set([plain, staging]));
      expect(await found({ envId: "staging" })).toEqual(new Set([staging, foreign]));
      expect(await ids({ accountId: accountId.toUpperCase() })).toEqual([]);
      // What is visible: the objects in any of the scopes, as far as the query is met too.
      expect(await found({}, [{ accountId, orgId: "o2" }])).toEqual(new Set([foreign]));
      const one = [{ accountId, orgId: "o1", envId: "staging" }];
      expect(await found({ projectId: "p1" }, one)).toEqual(new Set([staging]));
      const two = [
        { accountId, orgId: "o2" },
        { accountId, orgId: "o1", projectId: "p2" },
      ];
      expect(await found({}, two)).toEqual(new Set([other, foreign]));
      expect(await found({ orgId: "o1" }, two)).toEqual(new Set([other]));
      expect(await found({}, [...two, {}])).toEqual(new Set([plain, staging, other, foreign]));
      expect(await found({ orgId: "o1" }, [{ orgId: "o2" }])).toEqual(new Set());
      expect(await found({}, [{ accountId: "somebody-else" }, ...one])).toEqual(new Set([staging]));
      expect(await found({}, [])).toEqual(new Set());
    });

    test("all of the tags must be there", async () => {
      const scope = freshScope();
      const both = await create(stores(), { ...scope, tags: ["nightly", "größe"], createdAt: 2 });
      const one = await create(stores(), { ...scope, tags: ["nightly"], createdAt: 1 });
      expect(await ids({ ...scope, tags: ["nightly"] })).toEqual([both, one]);
      expect(await ids({ ...scope, tags: ["größe", "nightly"] })).toEqual([both]);
      expect(await ids({ ...scope, tags: ["night"] })).toEqual([]);
      expect(await ids({ ...scope, tags: [] })).toEqual([both, one]);
    });

    test("q has the starts of words of the name, without case, and nothing in it is a pattern", async () => {
      const scope = freshScope();
      const names = [
        "Große ÄPFEL",
        "100% of_it",
        "back\\slash 'quote\"",
        "ΟΔΟΣ",
        "Cafe\u0301 📈",
        "Checkout-Load #7",
      ];
      for (const name of names) await create(stores(), { ...scope, name });
      const found = async (q: string) =>
        (await list(stores(), { ...scope, q }, EVERYTHING)).items.map((item) => item.name);
      expect(await found("äpf")).toEqual(["Große ÄPFEL"]);
      expect(await found("pfel")).toEqual([]);
      expect(await found("  Äp\tGRO ")).toEqual(["Große ÄPFEL"]);
      expect(await found("gro of")).toEqual([]);
      expect(await found("lo check")).toEqual(["Checkout-Load #7"]);
      expect(await found("out")).toEqual([]);
      expect(await found("#7 load")).toEqual(["Checkout-Load #7"]);
      expect(await found("checkout-l")).toEqual(["Checkout-Load #7"]);
      expect(await found("it")).toEqual(["100% of_it"]);
      expect(await found("00%")).toEqual([]);
      expect(await found("100%")).toEqual(["100% of_it"]);
      expect(await found("%")).toEqual(["100% of_it"]);
      expect(await found("_i")).toEqual(["100% of_it"]);
      expect(await found("\\s")).toEqual(["back\\slash 'quote\""]);
      expect(await found("'quote\"")).toEqual(["back\\slash 'quote\""]);
      expect(await found("σ")).toEqual([]);
      expect(await found("οδος")).toEqual(["ΟΔΟΣ"]);
      expect(await found("CAFÉ 📈")).toEqual(["Cafe\u0301 📈"]);
      expect(await found(".*")).toEqual([]);
      expect(await found("\ud83d")).toEqual([]);
      expect(new Set(await found(" "))).toEqual(new Set(names));
    });

    test("newest first, ties by id, in pages of any size", async () => {
      const scope = freshScope();
      const made: { id: string; createdAt: number }[] = [];
      for (const index of range(1, 7)) {
        const createdAt = Math.floor(index / 3);
        made.push({ id: await create(stores(), { ...scope, createdAt }), createdAt });
      }
      const expected = made
        .toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1))
        .map(({ id }) => id);
      expect(await ids(scope)).toEqual(expected);
      for (const limit of [1, 2, 3, 6, 7, 8]) {
        const found = await pages({ ...scope, limit });
        expect(found.flat()).toEqual(expected);
        expect(found.slice(0, -1).every((page) => page.length === limit)).toBe(true);
      }
      expect((await pages({ ...scope, sort: "createdAt", limit: 2 })).flat()).toEqual(
        expected.toReversed(),
      );
    });

    test("items without the time sorted by come last, descending, and first, ascending", async () => {
      const scope = freshScope();
      const times = [5, undefined, 3, 5, undefined, 0, undefined];
      const made: { id: string; time: number }[] = [];
      for (const time of times) {
        const fields = time === undefined ? {} : { [sparse.field]: time };
        made.push({ id: await create(stores(), { ...scope, ...fields }), time: time ?? -1 });
      }
      const expected = made
        .toSorted((a, b) => b.time - a.time || (a.id < b.id ? 1 : -1))
        .map(({ id }) => id);
      for (const limit of [1, 2, 4, 7]) {
        expect((await pages({ ...scope, sort: `-${sparse.sort}`, limit })).flat()).toEqual(
          expected,
        );
        expect((await pages({ ...scope, sort: sparse.sort, limit })).flat()).toEqual(
          expected.toReversed(),
        );
      }
    });

    test("a cursor stays right when items come and go", async () => {
      const scope = freshScope();
      const made: string[] = [];
      for (const createdAt of [10, 20, 30, 40, 50, 60]) {
        made.push(await create(stores(), { ...scope, createdAt }));
      }
      const [t10, t20, t30, t40, t50, t60] = made;
      const first = await list(stores(), { ...scope, limit: 2 }, EVERYTHING);
      expect(first.items.map((item) => item.id)).toEqual([t60, t50]);
      await create(stores(), { ...scope, createdAt: 70 });
      await create(stores(), { ...scope, createdAt: 55 });
      const t35 = await create(stores(), { ...scope, createdAt: 35 });
      await remove(stores(), t50 ?? "");
      await remove(stores(), t30 ?? "");
      const second = await list(
        stores(),
        { ...scope, limit: 2, cursor: first.nextCursor },
        EVERYTHING,
      );
      expect(second.items.map((item) => item.id)).toEqual([t40, t35]);
      const third = await list(
        stores(),
        { ...scope, limit: 2, cursor: second.nextCursor },
        EVERYTHING,
      );
      expect(third.items.map((item) => item.id)).toEqual([t20, t10]);
      expect(third.nextCursor).toBeUndefined();
    });

    test("a cursor of no list, or of another sort, is an error that names it", async () => {
      const scope = freshScope();
      await create(stores(), { ...scope });
      await create(stores(), { ...scope });
      const { nextCursor } = await list(stores(), { ...scope, limit: 1 }, EVERYTHING);
      const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
      const wrong = [
        "",
        "nonsense",
        "💥",
        encoded({}),
        encoded(["-createdAt"]),
        encoded(["-createdAt", "1", freshId()]),
        encoded(["-createdAt", 1.5, freshId()]),
        encoded(["-createdAt", 1, 2]),
        encoded(["-createdAt", { $gt: 1 }, freshId()]),
      ];
      for (const cursor of wrong) {
        await expectProblem(
          list(stores(), { ...scope, cursor }, EVERYTHING),
          "validation",
          "cursor",
        );
      }
      for (const sort of ["createdAt", sparse.sort, `-${sparse.sort}`]) {
        const asked = list(stores(), { ...scope, sort, cursor: nextCursor }, EVERYTHING);
        await expectProblem(asked, "validation", "cursor");
      }
    });
  });
};
