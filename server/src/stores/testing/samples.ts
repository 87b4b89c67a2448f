import type { AnyDescription, Column, Description } from "../model/description.ts";
import { MODELS } from "../model/models.ts";
import type { Stores } from "../ports.ts";
import { freshId } from "./fixtures.ts";

/** A test entity, made of its description alone. */
export type Sample = Record<string, unknown>;
export type SampleDescription = Description<Sample>;

/** The type of an entity is unknown here: stores use its description only. */
export const asSamples = (description: AnyDescription): SampleDescription =>
  description as unknown as SampleDescription;

let serial = 0;

/** A value that no other sample has, where the type allows it. */
export const freshValue = ({ type }: Pick<Column, "type">): unknown => {
  serial += 1;
  if (type === "integer") return serial;
  if (type === "boolean") return false;
  return type === "texts" ? [freshId()] : `text ${freshId()}`;
};

/** The field that a column is, or is computed from. */
export const fieldOfColumn = (description: SampleDescription, column: string): string =>
  description.columns[column]?.derived?.from ?? column;

/** Everything that is always there, and a field that no description names. */
export const sampleEntity = (description: SampleDescription, fields: Sample = {}): Sample => {
  const { key, columns, groups, counters, fence } = description;
  const always = Object.entries(columns).filter(([, { optional }]) => optional !== true);
  return {
    ...Object.fromEntries(
      always.map(([column, about]) => [fieldOfColumn(description, column), freshValue(about)]),
    ),
    ...Object.fromEntries(Object.values(groups).map(({ counter }) => [counter, 1])),
    ...Object.fromEntries(Object.keys(counters).map((counter) => [counter, 0])),
    ...(fence === undefined ? {} : { [fence]: 4 }),
    [key]: freshId(),
    undescribed: { deep: [1, 1.5, null, { text: "ÿ 📈" }], large: Number.MAX_SAFE_INTEGER },
    ...fields,
  };
};

/** A sample with all that may be there, too: optional columns, and free maps with keys that some servers refuse. */
export const fullSample = (description: SampleDescription, fields: Sample = {}): Sample => {
  const optional = Object.entries(description.columns).filter(([, column]) => column.optional);
  return sampleEntity(description, {
    ...Object.fromEntries(optional.map(([column, about]) => [column, freshValue(about)])),
    ...Object.fromEntries(
      description.freeMaps.map((field) => [field, { "a.b": [1.5, { $x: null }], "": false }]),
    ),
    ...fields,
  });
};

/** Stores a sample of every model that the store has none of, so that a test over all kinds needs no line for a new one. */
export const putMissingSamples = async ({ dump }: Pick<Stores, "dump">): Promise<void> => {
  for (const { description } of Object.values(MODELS)) {
    if ((await dump.count(description.name)) > 0) continue;
    await dump.put(description.name, [fullSample(asSamples(description))] as never);
  }
};

/** A field that a group may change, and two values for it. */
export const changeIn = (
  description: SampleDescription,
  group: string,
): { readonly field: string; readonly values: readonly [unknown, unknown] } => {
  const field = description.groups[group]?.fields?.[0] ?? "undescribed";
  const column = description.columns[field];
  const value = () => (column === undefined ? [{ changed: freshId() }] : freshValue(column));
  return { field, values: [value(), value()] };
};

/** Whether a group may change the field that a column is made of. */
export const owns = (description: SampleDescription, group: string, field: string): boolean => {
  const { fields, without = [] } = description.groups[group] ?? {};
  return fields === undefined ? !without.includes(field) : fields.includes(field);
};
