import { z } from "zod";
import { Json } from "../model/primitives.ts";
import { RecentRun } from "../model/load-test.ts";
import { Engine, RunEvent, StatusReason } from "../model/run.ts";
import { ScriptRevision } from "../model/script.ts";
import { MetricSnapshot, RunSummary, Stats } from "../model/stats.ts";
import { CallbackAnswer } from "../plugin/callbacks.ts";
import { Hint } from "./changes.ts";
import { ClusterAnswer } from "./cluster.ts";
import { LoadTestAnswer } from "./load-test.ts";
import { EndEvent, SampleEvent } from "./metrics-detail.ts";
import { DataPoint, EndpointRow } from "./metrics.ts";
import { Problem } from "./problem.ts";
import type { Route } from "./route.ts";
import { RunAnswer } from "./run.ts";
import { ScriptProblem, ScriptRevisionWithContent } from "./script.ts";

export type JsonSchema = {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly format?: string;
  readonly pattern?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly contentMediaType?: string;
  readonly contentSchema?: JsonSchema;
};

/** Schemas with their own names; all others are named after their operation. */
const NAMED: readonly (readonly [string, z.ZodType])[] = [
  ["LoadTest", LoadTestAnswer],
  ["RecentRun", RecentRun],
  ["LoadTestRun", RunAnswer],
  ["StatusReason", StatusReason],
  ["Engine", Engine],
  ["RunSummary", RunSummary],
  ["RunEvent", RunEvent],
  ["MetricSnapshot", MetricSnapshot],
  ["Stats", Stats],
  ["DataPoint", DataPoint],
  ["SampleEvent", SampleEvent],
  ["EndEvent", EndEvent],
  ["Hint", Hint],
  ["EndpointRow", EndpointRow],
  ["ScriptRevision", ScriptRevision],
  ["ScriptRevisionWithContent", ScriptRevisionWithContent],
  ["ScriptProblem", ScriptProblem],
  ["Cluster", ClusterAnswer],
  ["CallbackAnswer", CallbackAnswer],
  ["Problem", Problem],
  ["JsonValue", Json],
];

const capital = (key: string): string => key.charAt(0).toUpperCase() + key.slice(1);

export const isSchema = (value: unknown): value is z.ZodType => value instanceof z.ZodType;

/** Every schema of the routes with its name. Parameters have names too, so that they are converted in the same way. */
const register = (routes: Readonly<Record<string, Route>>) => {
  const registry = z.registry<{ id: string }>();
  const add = (id: string, schema: z.ZodType | undefined): void => {
    if (schema !== undefined && registry.get(schema) === undefined) registry.add(schema, { id });
  };
  for (const [id, schema] of NAMED) add(id, schema);
  for (const [key, route] of Object.entries(routes)) {
    add(`${capital(key)}Body`, route.body);
    add(`${capital(key)}Query`, route.query);
    add(`${capital(key)}Params`, route.params);
    for (const answer of Object.values(route.answers)) {
      if (isSchema(answer)) add(`${capital(key)}Answer`, answer);
    }
  }
  return registry;
};

/** Keywords that say nothing to a client: names of the conversion, and the bounds of a whole number without limits. */
const isNoise = (schema: object, key: string): boolean => {
  const { minimum } = schema as JsonSchema;
  const isUnlimited = minimum === Number.MIN_SAFE_INTEGER;
  return (
    ["$schema", "$id", "id"].includes(key) || (isUnlimited && ["minimum", "maximum"].includes(key))
  );
};

/** A field that may never be sent: a client has no use for it. */
const isNever = (schema: unknown): boolean =>
  typeof schema === "object" && schema !== null && "not" in schema;

const cleaned = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(cleaned);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value)
    .filter(([key]) => !isNoise(value, key))
    .map(([key, part]) => [
      key,
      key === "properties" ? cleanedFields(part as object) : cleaned(part),
    ]);
  return Object.fromEntries(entries);
};
const cleanedFields = (fields: object): object =>
  Object.fromEntries(
    Object.entries(fields)
      .filter(([, schema]) => !isNever(schema))
      .map(([name, schema]) => [name, cleaned(schema)]),
  );

/** The schemas of a table of routes as JSON Schemas of the wire: bodies and answers by name, and parameters apart. */
export const jsonSchemasOf = (routes: Readonly<Record<string, Route>>) => {
  const registry = register(routes);
  const { schemas: raw } = z.toJSONSchema(registry, {
    io: "input",
    unrepresentable: "any",
    uri: (id) => `#/components/schemas/${id}`,
  });
  const all = cleaned(raw) as Record<string, JsonSchema>;
  const idOf = (schema: z.ZodType): string => registry.get(schema)?.id ?? "";
  const ofParameters = new Set(
    Object.values(routes).flatMap(({ query, params }) =>
      [query, params].flatMap((schema) => (schema === undefined ? [] : [idOf(schema)])),
    ),
  );
  return {
    components: Object.fromEntries(Object.entries(all).filter(([id]) => !ofParameters.has(id))),
    fieldsOf: (schema: z.ZodType | undefined) =>
      schema === undefined ? {} : (all[idOf(schema)]?.properties ?? {}),
    refTo: (schema: z.ZodType) => ({ $ref: `#/components/schemas/${idOf(schema)}` }),
  };
};
