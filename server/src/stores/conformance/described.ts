import { describe, expect, test } from "vitest";
import type { Collection, Condition } from "../model/collection.ts";
import type { DumpKind } from "../dump.ts";
import type { AnyDescription } from "../model/description.ts";
import { keyOf } from "../shared/columns.ts";
import { freshId } from "../testing/fixtures.ts";
import {
  asSamples,
  changeIn,
  fullSample,
  type Sample,
  sampleEntity,
  type SampleDescription,
} from "../testing/samples.ts";
import { describedQueries } from "./described-queries.ts";
import { expectProblem, openedStores, type OpenStores, range, rejection } from "./harness.ts";

type Of = () => Collection<Sample>;

const groupConformance = (description: SampleDescription, store: Of, group: string): void => {
  const counter = description.groups[group]?.counter ?? "";
  const { field, values } = changeIn(description, group);
  const set = (id: string, seen: number, value: unknown) =>
    store().change(group, id, { [counter]: seen }, { [field]: value }, "ending");
  const change = (id: string, seen: number) => set(id, seen, values[0]);
  const created = async (fields: Sample = {}) => {
    const entity = sampleEntity(description, fields);
    await store().insert(entity, "adding");
    return { entity, id: keyOf(description, entity) };
  };

  test(`${group}: a change happens where ${counter} still is the stored one, and raises it alone`, async () => {
    const { entity, id } = await created({ [field]: values[1] });
    expect(await change(id, 2)).toBeUndefined();
    expect(await change(freshId(), 1)).toBeUndefined();
    expect(await store().get(id)).toEqual(entity);
    const expected = { ...entity, [field]: values[0], [counter]: 2 };
    expect(await change(id, 1)).toStrictEqual(expected);
    expect(await store().get(id)).toStrictEqual(expected);
    expect(await change(id, 1)).toBeUndefined();
  });

  test(`${group}: null takes a field away, undefined leaves it, an empty change counts`, async () => {
    if (description.columns[field]?.optional !== true && description.columns[field]) return;
    const { entity, id } = await created({ [field]: values[1] });
    expect(await set(id, 1, undefined)).toStrictEqual({ ...entity, [counter]: 2 });
    const { [field]: _, ...rest } = entity;
    expect(await set(id, 2, null)).toStrictEqual({ ...rest, [counter]: 3 });
    const seen = { [counter]: 3 };
    const empty = await store().change(group, id, seen, {}, "adding");
    expect(empty).toStrictEqual({ ...rest, [counter]: 4 });
    expect(await store().get(id)).toStrictEqual(empty);
  });

  test(`${group}: of four writers that saw the same, one wins, always`, async () => {
    const { id } = await created();
    for (const seen of range(1, 5)) {
      const made = await Promise.all(
        range(1, 4).map((writer) => set(id, seen, values[writer % 2])),
      );
      const won = made.filter((result) => result !== undefined);
      expect(won).toHaveLength(1);
      expect(await store().get(id)).toEqual(won[0]);
    }
  });

  test(`${group}: fields that it does not own, and changes that saw nothing, are refused`, async () => {
    const { entity, id } = await created();
    const others = Object.values(description.groups).map((other) => other.counter);
    for (const foreign of [description.key, ...others, ...Object.keys(description.counters)]) {
      const patch = { [foreign]: freshId() };
      const error = await rejection(store().change(group, id, { [counter]: 1 }, patch, "ending"));
      expect(String(error)).toContain(`does not own ${foreign}`);
    }
    const blind = store().change(group, id, {}, { [field]: values[0] }, "ending");
    expect(String(await rejection(blind))).toContain(`needs ${counter}`);
    expect(await store().get(id)).toEqual(entity);
  });

  const { fence } = description;
  if (fence === undefined) return;
  test(`${group}: the fence must be the stored one where it is named`, async () => {
    const { entity, id } = await created();
    const fenced = (value: number) =>
      store().change(group, id, { [counter]: 1, [fence]: value }, { [field]: values[0] }, "ending");
    expect(await fenced(3)).toBeUndefined();
    expect(await fenced(5)).toBeUndefined();
    expect(await store().get(id)).toEqual(entity);
    expect(await fenced(4)).toMatchObject({ [counter]: 2, [fence]: 4 });
  });
};

const counterConformance = (description: SampleDescription, store: Of, counter: string): void => {
  test(`${counter} rises by one, whoever asks, and no group's counter does`, async () => {
    const entity = sampleEntity(description);
    const id = keyOf(description, entity);
    await store().insert(entity, "adding");
    const field = description.counters[counter]?.[0];
    const fields = (value: number): Sample => (field === undefined ? {} : { [field]: value });
    const numbers = await Promise.all(
      range(1, 8).map((at) => store().raise(counter, id, fields(at * 10), "adding")),
    );
    expect(numbers.toSorted((a, b) => Number(a) - Number(b))).toEqual(range(1, 8));
    const last = (numbers.indexOf(8) + 1) * 10;
    expect(await store().get(id)).toEqual({ ...entity, [counter]: 8, ...fields(last) });
    expect(await store().raise(counter, freshId(), fields(1), "adding")).toBeUndefined();
    const foreign = store().raise(counter, id, { [description.key]: "x" }, "adding");
    expect(String(await rejection(foreign))).toContain("does not own");
  });
};

/** The conformance suite of any described entity: it needs the description alone. */
export const describedConformance = (open: OpenStores, described: AnyDescription): void => {
  const description = asSamples(described);
  const { name, key, indexes, groups, counters } = description;
  describe(`the collection ${name}`, () => {
    const stores = openedStores(open);
    const store: Of = () => stores().collection(description);
    const created = async (entity: Sample) => {
      await store().insert(entity, "adding");
      return keyOf(description, entity);
    };

    test("gives back what was stored, every field", async () => {
      const [full, least] = [fullSample(description), sampleEntity(description)];
      for (const entity of [full, least]) {
        expect(await store().get(await created(entity))).toStrictEqual(entity);
      }
      expect(await store().get(freshId())).toBeUndefined();
    });

    test("copies what it takes in and hands out", async () => {
      const given = fullSample(description);
      const kept = structuredClone(given);
      const id = await created(given);
      const spoil = (entity: Sample | undefined) => {
        Object.assign(entity?.["undescribed"] ?? {}, { deep: "changed" });
      };
      spoil(given);
      spoil(await store().get(id));
      const where: Condition[] = [{ column: key, is: id }];
      const [sort] = Object.entries(description.columns).find(([, column]) => column.sort) ?? [];
      const sortField = description.columns[sort ?? ""]?.derived?.from ?? sort;
      if (sortField !== undefined) {
        spoil(await store().first(where, sortField));
        for (const entity of await store().all(where, sortField)) spoil(entity);
        spoil((await store().list({ where, sort: sortField, limit: 1 })).items[0]);
      }
      expect(await store().get(id)).toStrictEqual(kept);
    });

    test("a key, and the values of a unique index, are taken once", async () => {
      const entity = fullSample(description);
      const id = await created(entity);
      await expectProblem(store().insert({ ...entity, undescribed: 1 }, "adding"), "conflict");
      for (const { columns, unique } of indexes) {
        if (unique !== true) continue;
        const same = Object.fromEntries(columns.map((column) => [column, entity[column]]));
        const second = sampleEntity(description, same);
        const error = await rejection(store().insert(second, "adding"));
        expect(error).toMatchObject({ kind: "conflict" });
        for (const column of columns) expect(String(error)).toContain(column);
        expect(await store().get(keyOf(description, second))).toBeUndefined();
      }
      expect(await store().get(id)).toStrictEqual(entity);
    });

    for (const group of Object.keys(groups)) groupConformance(description, store, group);
    for (const counter of Object.keys(counters)) counterConformance(description, store, counter);

    test("is deleted once, where what was seen still holds", async () => {
      const id = await created(sampleEntity(description));
      const [first] = Object.values(groups);
      const seen = (value: number) => (first === undefined ? {} : { [first.counter]: value });
      if (first !== undefined) expect(await store().delete(id, seen(2))).toBe(false);
      const deleted = await Promise.all([store().delete(id, seen(1)), store().delete(id, seen(1))]);
      expect(deleted.filter(Boolean)).toHaveLength(1);
      expect(await store().get(id)).toBeUndefined();
    });

    describedQueries(description, store);

    test("is in the dump, and comes out of it as it was", async () => {
      const kind = name as DumpKind;
      const { dump } = stores();
      const [stored, put] = [fullSample(description), fullSample(description)];
      await created(stored);
      for (const round of [1, 2]) await dump.put(kind, [{ ...put, undescribed: round } as never]);
      const found: Sample[] = [];
      for (let after: string | undefined; ;) {
        const page = await dump.walk(kind, after);
        found.push(...(page.records as unknown as Sample[]));
        if (page.last === undefined) break;
        after = page.last;
      }
      const of = (entity: Sample) => found.filter((one) => one[key] === entity[key]);
      expect([of(stored), of(put)]).toEqual([[stored], [{ ...put, undescribed: 2 }]]);
      expect(await dump.count(kind)).toBeGreaterThanOrEqual(2);
      expect(await store().get(keyOf(description, put))).toEqual({ ...put, undescribed: 2 });
      await dump.clear(kind);
      expect(await store().get(keyOf(description, stored))).toBeUndefined();
    });
  });
};
