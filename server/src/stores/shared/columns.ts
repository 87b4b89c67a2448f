import type { Column, Description } from "../model/description.ts";

export type Value = string | number | boolean | readonly string[] | undefined;

/** Throws for a column that the description does not have. */
export const columnOf = <T extends object>(
  { name, key, columns }: Description<T>,
  column: string,
): Column => {
  const found = columns[column] ?? (column === key ? { type: "text" } : undefined);
  if (found === undefined) throw new Error(`${name} has no column ${column}`);
  return found;
};

export const fieldOf = (entity: object, field: string): unknown =>
  (entity as Readonly<Record<string, unknown>>)[field];

export const keyOf = <T extends object>({ key }: Description<T>, entity: T): string =>
  String(fieldOf(entity, key));

/** Reads the value of a column, the key included, from entities. */
export const readerOf = <T extends object>(
  description: Description<T>,
  column: string,
): ((entity: T) => Value) => {
  const { derived } = columnOf(description, column);
  if (derived === undefined) return (entity) => fieldOf(entity, column) as Value;
  const { from, by } = derived;
  return (entity) => {
    const text = fieldOf(entity, from);
    return typeof text === "string" ? by(text) : undefined;
  };
};

/** What an entity has in a column. */
export const valueOf = <T extends object>(
  description: Description<T>,
  column: string,
  entity: T,
): Value => readerOf(description, column)(entity);

export type Order = {
  readonly column: string;
  readonly type: "text" | "number";
  readonly optional: boolean;
  readonly descending: boolean;
};

/** The order that a `sort` names: the field, or the field that the column is derived from; `-` descends. */
export const orderOf = <T extends object>(description: Description<T>, sort: string): Order => {
  const descending = sort.startsWith("-");
  const field = descending ? sort.slice(1) : sort;
  const found = Object.entries(description.columns).find(
    ([column, { sort: sorted, derived }]) =>
      sorted === true && (derived === undefined ? column === field : derived.from === field),
  );
  if (found === undefined) throw new Error(`${description.name} is not sorted by ${field}`);
  const [column, { type, optional = false }] = found;
  return { column, type: type === "text" ? "text" : "number", optional, descending };
};
