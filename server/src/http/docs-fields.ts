import type { JsonSchema } from "@load-manager/contract/api/openapi-schemas.ts";

export const escape = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");

/** Plain text with `code` in it. */
export const prose = (text: string): string =>
  escape(text).replaceAll(/`([^`]+)`/g, "<code>$1</code>");

const LIMITS: readonly (readonly [keyof JsonSchema, (limit: string) => string])[] = [
  ["minimum", (limit) => `at least ${limit}`],
  ["exclusiveMinimum", (limit) => `above ${limit}`],
  ["maximum", (limit) => `at most ${limit}`],
  ["maxLength", (limit) => `at most ${limit} characters`],
  ["maxItems", (limit) => `at most ${limit} entries`],
  ["default", (limit) => `default ${limit}`],
];

const limitsOf = (schema: JsonSchema): string =>
  LIMITS.filter(([key]) => schema[key] !== undefined)
    .map(([key, textOf]) => {
      const limit = schema[key];
      return textOf(typeof limit === "string" ? limit : JSON.stringify(limit));
    })
    .join(", ");

const branchesOf = (schema: JsonSchema): readonly JsonSchema[] =>
  schema.anyOf ?? schema.oneOf ?? [];

/** The id of a named schema's section on the page. */
export const schemaAnchor = (name: string): string => `schema-${name}`;
export const nameOfRef = ($ref: string): string => $ref.split("/").at(-1) ?? "";

const typeOf = (schema: JsonSchema): string => {
  const { $ref, type, items, format, additionalProperties } = schema;
  if ($ref !== undefined) {
    const name = nameOfRef($ref);
    return name === "JsonValue" ? "any JSON" : `<a href="#${schemaAnchor(name)}">${name}</a>`;
  }
  if (schema.const !== undefined) return `<code>${escape(JSON.stringify(schema.const))}</code>`;
  if (schema.enum !== undefined) {
    return schema.enum.map((value) => `<code>${escape(String(value))}</code>`).join(" · ");
  }
  const branches = branchesOf(schema);
  if (branches.length > 0) return [...new Set(branches.map(typeOf))].join(" or ");
  if (type === "array") {
    const of = items === undefined ? "any JSON" : typeOf(items);
    return `list of ${/^(?:object|string|whole number)$/.test(of) ? `${of}s` : of}`;
  }
  if (type === "object" && typeof additionalProperties === "object") {
    return `map of ${typeOf(additionalProperties)}`;
  }
  if (format === "date-time") return "time";
  const names = [type ?? "any JSON"].flat();
  return names.map((name) => (name === "integer" ? "whole number" : name)).join(" or ");
};

/** The fields that belong to the place of a schema itself; those of a named schema have a section of their own. */
const inlineFields = (
  schema: JsonSchema,
): { readonly suffix: string; readonly of: JsonSchema }[] => {
  if (schema.$ref !== undefined) return [];
  if (schema.properties !== undefined) return [{ suffix: ".", of: schema }];
  const inner = [
    ...(schema.items === undefined ? [] : [{ suffix: "[]", schema: schema.items }]),
    ...(typeof schema.additionalProperties === "object"
      ? [{ suffix: ".*", schema: schema.additionalProperties }]
      : []),
    ...branchesOf(schema).map((branch) => ({ suffix: "", schema: branch })),
  ];
  return inner.flatMap(({ suffix, schema: part }) =>
    inlineFields(part).map((found) => ({ ...found, suffix: `${suffix}${found.suffix}` })),
  );
};

/** Whose fields they are: a request marks the required ones, an answer those that may be absent. */
type Side = "request" | "answer";

const markOf = (side: Side, isRequired: boolean): string => {
  if (side === "request" && isRequired) return ' <span class="mark">required</span>';
  if (side === "answer" && !isRequired) return ' <span class="mark">optional</span>';
  return "";
};

const rowsOf = (schema: JsonSchema, side: Side, prefix: string): string[] =>
  Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const isRequired = schema.required?.includes(name) === true;
    const limits = limitsOf(field);
    const row = `<tr><td><code class="field"><span>${escape(prefix)}</span>${escape(name)}</code>${markOf(side, isRequired)}</td><td>${typeOf(field)}</td><td>${prose(field.description ?? "")}${limits === "" ? "" : ` <span class="mark">${escape(limits)}</span>`}</td></tr>`;
    const nested = inlineFields(field).flatMap(({ suffix, of }) =>
      rowsOf(of, side, `${prefix}${name}${suffix}`),
    );
    return [row, ...nested];
  });

/** A table of all fields of an object, with those of its nested objects below them. */
export const fieldTable = (schema: JsonSchema, side: Side): string => {
  const rows = rowsOf(schema, side, "");
  return rows.length === 0
    ? ""
    : `<div class="wide"><table><tr><th>Field</th><th>Type</th><th>Meaning</th></tr>${rows.join("")}</table></div>`;
};

/** The fields of a body: a table, or the name of a schema with a section of its own. */
export const shapeOf = (
  schema: JsonSchema,
  schemas: Readonly<Record<string, JsonSchema>>,
  hasSection: (name: string) => boolean,
  side: Side,
): string => {
  if (schema.$ref === undefined) return fieldTable(schema, side);
  const name = nameOfRef(schema.$ref);
  if (hasSection(name)) return `<p>${typeOf(schema)}</p>`;
  return fieldTable(schemas[name] ?? {}, side);
};
