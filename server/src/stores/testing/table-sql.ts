import type { AnyDescription, Column } from "../model/description.ts";

const TYPES: Record<Column["type"], string> = {
  text: "TEXT",
  integer: "INTEGER",
  boolean: "INTEGER",
  texts: "TEXT",
};

/**
 * The statements that make a description's table: a first draft of its migration, and what `schema.test.ts` compares the
 * real schema with. Migrations are written out, since a released step never changes and a description may.
 */
export const tableSql = ({ name, key, columns, indexes }: AnyDescription): string => {
  const lines = [
    `${key} TEXT PRIMARY KEY NOT NULL`,
    ...Object.entries(columns).map(
      ([column, { type, optional }]) => `${column} ${TYPES[type]}${optional ? "" : " NOT NULL"}`,
    ),
    "document TEXT NOT NULL",
  ];
  return [
    `CREATE TABLE ${name} (\n  ${lines.join(",\n  ")}\n) STRICT;`,
    ...indexes.map(
      ({ name: index, columns: on, unique }) =>
        `CREATE ${unique ? "UNIQUE " : ""}INDEX ${name}_${index} ON ${name} (${on.join(", ")});`,
    ),
  ].join("\n");
};
