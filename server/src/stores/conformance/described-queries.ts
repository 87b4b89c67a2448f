import { describe, expect, test } from "vitest";
import type { Collection, Condition } from "../model/collection.ts";
import { keyOf, valueOf } from "../shared/columns.ts";
import { compareText, hasWordStart } from "../../lib/text.ts";
import {
  fieldOfColumn,
  freshValue,
  owns,
  type Sample,
  sampleEntity,
  type SampleDescription,
} from "../testing/samples.ts";
import { freshId } from "../testing/fixtures.ts";
import { allPages, expectProblem, range } from "./harness.ts";

type Of = () => Collection<Sample>;

/** Conditions that only these entities meet: the store may hold others. */
const homeOf = (description: SampleDescription) => {
  const [column] =
    Object.entries(description.columns).find(
      ([, { type, optional, derived }]) => type === "text" && !optional && derived === undefined,
    ) ?? [];
  const value = freshValue({ type: "text" });
  return {
    column,
    fields: column === undefined ? {} : { [column]: value },
    where: column === undefined ? [] : [{ column, is: String(value) }],
  };
};

const isUnique = ({ indexes }: SampleDescription, column: string): boolean =>
  indexes.some(({ unique, columns }) => unique === true && columns.includes(column));

/** Finds by every verb; all must agree. */
const finder = (description: SampleDescription, store: Of, ids: readonly string[]) => {
  const [sort] = Object.entries(description.columns).find(([, column]) => column.sort) ?? [];
  const mine = (found: readonly string[]) => found.filter((id) => ids.includes(id)).toSorted();
  return async (where: readonly Condition[]): Promise<string[]> => {
    const keys = mine(await store().keys(where));
    expect(await store().count(where)).toBeGreaterThanOrEqual(keys.length);
    if (sort !== undefined) {
      const order = fieldOfColumn(description, sort);
      const all = await store().all(where, order);
      expect(mine(all.map((entity) => keyOf(description, entity)))).toEqual(keys);
      const pages = await allPages((cursor) =>
        store().list({ where, sort: order, limit: 200, cursor }),
      );
      expect(mine(pages.flat().map((entity) => keyOf(description, entity)))).toEqual(keys);
      const first = await store().first(where, order);
      expect(first).toEqual(all[0]);
    }
    return keys;
  };
};

const columnConformance = (description: SampleDescription, store: Of, column: string): void => {
  const about = description.columns[column] ?? { type: "text" };
  const field = fieldOfColumn(description, column);
  const { type, optional } = about;

  test(`finds by ${column}`, async () => {
    const home = homeOf(description);
    // The column that usually keeps these entities together is the one under test.
    const [fields, where] = home.column === column ? [{}, []] : [home.fields, home.where];
    const values: unknown[] =
      type === "boolean"
        ? [true, false]
        : type === "text"
          ? [`Große ÄPFEL 100% of_it ${freshId()}`, `k\\s.* 'quote" ${freshId()}`]
          : [freshValue(about), freshValue(about)];
    const entities = values.map((value) =>
      sampleEntity(description, { ...fields, [field]: value }),
    );
    const bare = optional ? [sampleEntity(description, fields)] : [];
    for (const entity of [...entities, ...bare]) await store().insert(entity, "adding");
    const ids = [...entities, ...bare].map((entity) => keyOf(description, entity));
    const [first = "", second = "", absent = ""] = ids;
    const found = finder(description, store, ids);
    const by = (condition: object) => {
      const all: object[] = [...where, { column, ...condition }];
      return found(all as Condition[]);
    };
    const stored = entities.map((entity) => valueOf(description, column, entity));
    if (optional) expect(await by({ is: null })).toEqual([absent]);
    if (type === "texts") {
      const [[one] = [], [other] = []] = stored as string[][];
      expect(await by({ all: [one] })).toEqual([first]);
      expect(await by({ all: [one, other] })).toEqual([]);
      return;
    }
    expect(await by({ is: stored[0] })).toEqual([first]);
    expect(await by({ is: stored[1] })).toEqual([second]);
    if (type === "text") {
      expect(await by({ in: stored })).toEqual([first, second].toSorted());
      expect(await by({ in: [stored[1]] })).toEqual([second]);
      expect(await by({ in: ["no such text"] })).toEqual([]);
      expect(await store().count([{ column, in: [] }])).toBe(0);
      for (const start of ["0% of_", "ppl%", "\\s.", ".*", "'quote\"", "%", "of", "1", "a"]) {
        const meet = [first, second].filter((_, index) =>
          hasWordStart(String(stored[index]), start),
        );
        expect(await by({ wordStart: start })).toEqual(meet.toSorted());
      }
    }
    if (type === "integer") {
      const [low, high] = [Number(stored[0]), Number(stored[1])];
      expect(await by({ from: low, to: high })).toEqual([first]);
      expect(await by({ from: high })).toEqual([second]);
      expect(await by({ to: low })).toEqual([]);
    }
  });

  for (const [group, { counter }] of Object.entries(description.groups)) {
    if (!owns(description, group, field) || type === "boolean") continue;
    if (description.check !== undefined && column === "status") continue;
    test(`finds by ${column} what ${group} has changed`, async () => {
      const entity = sampleEntity(description, { [field]: freshValue(about) });
      const id = keyOf(description, entity);
      await store().insert(entity, "adding");
      const changed = await store().change(
        group,
        id,
        { [counter]: 1 },
        { [field]: freshValue(about) },
        "ending",
      );
      const found = finder(description, store, [id]);
      const by = (of: Sample | undefined): Condition => {
        const value = of && valueOf(description, column, of);
        return typeof value === "object" ? { column, all: value } : { column, is: value ?? null };
      };
      expect(await found([by(entity)])).toEqual([]);
      expect(await found([by(changed)])).toEqual([id]);
    });
  }
};

const sortConformance = (description: SampleDescription, store: Of, column: string): void => {
  const { type, optional } = description.columns[column] ?? { type: "text" };
  const field = fieldOfColumn(description, column);
  const home = () => homeOf(description);
  const values = (): unknown[] => {
    if (type === "text") return ["banana", "Apple", "apple", "Äther", "🍎", "\uff21", "10", "9"];
    const numbers = isUnique(description, column) ? [5, 3, 9, 0, 7, 2] : [5, 3, 5, 0, 3, 5, -4];
    return optional ? [...numbers, undefined, undefined] : numbers;
  };
  const compare = (a: Sample, b: Sample): number => {
    const [left, right] = [a, b].map((entity) => valueOf(description, column, entity));
    const ids = compareText(keyOf(description, a), keyOf(description, b));
    if (typeof left === "string") return compareText(left, String(right)) || ids;
    return Number(left ?? -Infinity) - Number(right ?? -Infinity) || ids;
  };
  const created = async (fields: Sample, value: unknown): Promise<Sample> => {
    const entity = sampleEntity(description, {
      ...fields,
      ...(value === undefined ? {} : { [field]: value }),
    });
    await store().insert(entity, "adding");
    return entity;
  };

  test(`lists by ${field}, both ways, in pages of any size`, async () => {
    const { fields, where } = home();
    const made: Sample[] = [];
    for (const value of values()) made.push(await created(fields, value));
    const mine = new Set(made.map((entity) => keyOf(description, entity)));
    const ascending = made.toSorted(compare);
    for (const [sort, expected] of [
      [field, ascending],
      [`-${field}`, ascending.toReversed()],
    ] as const) {
      for (const limit of [1, 3, made.length, made.length + 1]) {
        const pages = await allPages((cursor) => store().list({ where, sort, limit, cursor }));
        const found = pages.flat().filter((entity) => mine.has(keyOf(description, entity)));
        expect(found).toEqual(expected);
        expect(pages.slice(0, -1).every((page) => page.length === limit)).toBe(true);
      }
      expect(await store().all(where, sort)).toEqual(expected);
      expect(await store().first(where, sort)).toEqual(expected[0]);
    }
  });

  test(`a cursor by ${field} stays right when entities come and go, and belongs to its sort`, async () => {
    const { fields, where } = home();
    const value = (rank: number) => (type === "text" ? `name ${10 + rank}` : rank * 10);
    const made = new Map<number, Sample>();
    for (const rank of range(1, 6)) made.set(rank, await created(fields, value(rank)));
    const list = (limit: number, cursor?: string) =>
      store().list({ where, sort: `-${field}`, limit, cursor });
    const first = await list(2);
    expect(first.items).toEqual([made.get(6), made.get(5)]);
    await created(fields, value(7));
    const between = await created(fields, value(3.5));
    for (const gone of [5, 3]) await store().delete(keyOf(description, made.get(gone) ?? {}), {});
    const second = await list(2, first.nextCursor);
    expect(second.items).toEqual([made.get(4), between]);
    const third = await list(2, second.nextCursor);
    expect(third).toEqual({ items: [made.get(2), made.get(1)] });
    const other = store().list({ where, sort: field, limit: 2, cursor: first.nextCursor });
    await expectProblem(other, "validation", "cursor");
    const encoded = (parts: unknown) => Buffer.from(JSON.stringify(parts)).toString("base64url");
    for (const wrong of ["", "nonsense", encoded({}), encoded([`-${field}`, { $gt: 1 }, "x"])]) {
      await expectProblem(list(2, wrong), "validation", "cursor");
    }
  });
};

/** Conditions and lists of a described collection. */
export const describedQueries = (description: SampleDescription, store: Of): void => {
  describe("queries", () => {
    for (const [column, { sort }] of Object.entries(description.columns)) {
      columnConformance(description, store, column);
      if (sort === true) sortConformance(description, store, column);
    }

    test("all conditions must hold; an unknown column is our own fault", async () => {
      const entity = sampleEntity(description);
      await store().insert(entity, "adding");
      const id = keyOf(description, entity);
      const is = { column: description.key, is: id };
      expect(await store().keys([is, is])).toEqual([id]);
      expect(await store().keys([is, { column: description.key, is: "another" }])).toEqual([]);
      await expect(store().keys([{ column: "nowhere", is: 1 }])).rejects.toThrow(
        "no column nowhere",
      );
    });
  });
};
