import type { ColumnCondition, Condition } from "../model/collection.ts";
import type { Description } from "../model/description.ts";
import { columnOf, type Order, orderOf } from "../shared/columns.ts";
import type { Listing } from "../shared/listing.ts";

/** Below every time there is (JavaScript's earliest is -8.64e15): absent values sort there, as in the other stores. */
const ABSENT = -9_000_000_000_000_000;

type Sql = { readonly sql: string; readonly values: (string | number)[] };

const comparison = (column: string, condition: ColumnCondition): Sql => {
  if ("is" in condition) {
    const { is } = condition;
    if (is === null) return { sql: `${column} IS NULL`, values: [] };
    return { sql: `${column} = ?`, values: [typeof is === "boolean" ? Number(is) : is] };
  }
  if ("in" in condition) {
    const places = condition.in.map(() => "?").join(", ");
    return { sql: `${column} IN (${places})`, values: [...condition.in] };
  }
  if ("wordStart" in condition)
    return { sql: `has_word_start(${column}, ?)`, values: [condition.wordStart] };
  if ("all" in condition) {
    const one = `EXISTS (SELECT 1 FROM json_each(${column}) WHERE value = ?)`;
    return { sql: condition.all.map(() => one).join(" AND "), values: [...condition.all] };
  }
  const { from, to } = condition;
  return {
    sql: [from === undefined ? [] : [`${column} >= ?`], to === undefined ? [] : [`${column} < ?`]]
      .flat()
      .join(" AND "),
    values: [from, to].filter((value) => value !== undefined),
  };
};

const joined = (parts: readonly Sql[], by: "AND" | "OR"): Sql => ({
  sql: parts.map(({ sql }) => sql).join(` ${by} `),
  values: parts.flatMap(({ values }) => values),
});

const conditionSql = <T extends object>(description: Description<T>, condition: Condition): Sql => {
  if (!("any" in condition)) {
    columnOf(description, condition.column);
    return comparison(condition.column, condition);
  }
  if (condition.any.length === 0) return { sql: "FALSE", values: [] };
  const groups = condition.any.map((group) => {
    const all = group.map((one) => conditionSql(description, one));
    const { sql, values } = joined(all, "AND");
    return { sql: `(${sql === "" ? "TRUE" : sql})`, values };
  });
  const { sql, values } = joined(groups, "OR");
  return { sql: `(${sql})`, values };
};

const sortedBy = ({ column, optional }: Order): string =>
  optional ? `ifnull(${column}, ${ABSENT})` : column;

/** The queries of a described table. Names come from the description alone; values are always bound. */
export const querySql = <T extends object>(description: Description<T>) => {
  const { name, key } = description;
  const where = (conditions: readonly Condition[], more: readonly Sql[] = []): Sql => {
    const all = [
      ...conditions.map((condition) => conditionSql(description, condition)),
      ...more,
    ].filter(({ sql }) => sql !== "");
    const { sql, values } = joined(all, "AND");
    return { sql: sql === "" ? "" : `WHERE ${sql}`, values };
  };
  const orderBy = (order: Order): string => {
    const direction = order.descending ? "DESC" : "ASC";
    return `ORDER BY ${sortedBy(order)} ${direction}, ${key} ${direction}`;
  };
  return {
    where,
    order: (sort: string): string => orderBy(orderOf(description, sort)),
    /** One row more than the page holds says that there is a next one. */
    list: (listing: Listing): { readonly text: string; readonly values: (string | number)[] } => {
      const { after, descending, limit } = listing;
      const place =
        after === undefined
          ? []
          : [
              {
                sql: `(${sortedBy(listing)}, ${key}) ${descending ? "<" : ">"} (?, ?)`,
                values: [after.value ?? ABSENT, after.id],
              },
            ];
      const found = where(listing.where, place);
      return {
        text: `SELECT document FROM ${name} ${found.sql} ${orderBy(listing)} LIMIT ?`,
        values: [...found.values, limit + 1],
      };
    },
  };
};
