import { z } from "zod";
import { ClusterAnswer } from "./cluster.ts";
import { LoadTestAnswer } from "./load-test.ts";
import { RecentRun } from "../model/load-test.ts";
import { ScriptProblem } from "./script.ts";
import { CallbackAnswer } from "../plugin/callbacks.ts";
import { DataPoint, EndpointRow } from "./metrics.ts";
import { Stats, MetricSnapshot, RunSummary } from "../model/stats.ts";
import { SampleEvent } from "./metrics-detail.ts";
import { Problem } from "./problem.ts";
import type { Route } from "./route.ts";
import { RunAnswer } from "./run.ts";
import { RunEvent } from "../model/run.ts";
import { ScriptRevision } from "../model/script.ts";
import { ScriptRevisionWithContent } from "./script.ts";

type Json = Record<string, unknown>;
type Table = Readonly<Record<string, Route>>;

/** Schemas with their own names; all others are named after their endpoint. */
const NAMED: readonly (readonly [string, z.ZodType])[] = [
  ["LoadTest", LoadTestAnswer],
  ["RecentRun", RecentRun],
  ["LoadTestRun", RunAnswer],
  ["RunSummary", RunSummary],
  ["RunEvent", RunEvent],
  ["MetricSnapshot", MetricSnapshot],
  ["Stats", Stats],
  ["DataPoint", DataPoint],
  ["SampleEvent", SampleEvent],
  ["EndpointRow", EndpointRow],
  ["ScriptRevision", ScriptRevision],
  ["ScriptRevisionWithContent", ScriptRevisionWithContent],
  ["ScriptProblem", ScriptProblem],
  ["Cluster", ClusterAnswer],
  ["CallbackAnswer", CallbackAnswer],
  ["Problem", Problem],
];

const capital = (key: string): string => key.charAt(0).toUpperCase() + key.slice(1);

const isSchema = (value: unknown): value is z.ZodType => value instanceof z.ZodType;

const register = (routes: Table) => {
  const registry = z.registry<{ id: string }>();
  const add = (id: string, schema: z.ZodType): void => {
    if (registry.get(schema) === undefined) registry.add(schema, { id });
  };
  for (const [id, schema] of NAMED) add(id, schema);
  for (const [key, route] of Object.entries(routes)) {
    if (route.body !== undefined) add(`${capital(key)}Body`, route.body);
    if (route.query !== undefined) add(`${capital(key)}Query`, route.query);
    for (const answer of Object.values(route.answers)) {
      if (isSchema(answer)) add(`${capital(key)}Answer`, answer);
    }
  }
  return registry;
};

/** Removes fields that may never be sent: a client has no use for them. */
const withoutNever = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutNever);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value)
    .filter(([key]) => key !== "$schema" && key !== "$id" && key !== "id")
    .map(([key, part]) => [
      key,
      key === "properties" ? properties(part as Json) : withoutNever(part),
    ]);
  return Object.fromEntries(entries);
};
const properties = (fields: Json): Json =>
  Object.fromEntries(
    Object.entries(fields)
      .filter(([, schema]) => !(typeof schema === "object" && schema !== null && "not" in schema))
      .map(([name, schema]) => [name, withoutNever(schema)]),
  );

const ref = (id: string): Json => ({ $ref: `#/components/schemas/${id}` });

const problemAnswer = (description: string): Json => ({
  description,
  content: { "application/problem+json": { schema: ref("Problem") } },
});

const parameters = (
  route: Route,
  schemas: Readonly<Record<string, Json>>,
  queryId?: string,
): Json[] => {
  const path = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const query = queryId === undefined ? {} : ((schemas[queryId]?.["properties"] ?? {}) as Json);
  const ifMatch = { name: "If-Match", in: "header", required: false, schema: { type: "string" } };
  const idempotencyKey = {
    name: "Idempotency-Key",
    in: "header",
    required: false,
    description:
      "Runs the request once: a repeat within 24 hours gets the same response (Idempotency-Replayed: true). 422 for a different request with this key, 409 while the first request is in progress.",
    schema: { type: "string", minLength: 1, maxLength: 255 },
  };
  const keyed = route.method === "POST" && route.caller === "user";
  return [
    ...path,
    ...Object.entries(query).map(([name, schema]) => ({
      name,
      in: "query",
      required: false,
      schema,
    })),
    ...(route.versioned === true && route.method !== "GET" ? [ifMatch] : []),
    ...(keyed ? [idempotencyKey] : []),
  ];
};

const answers = (route: Route, idOf: (schema: z.ZodType) => string): Json => {
  const good = Object.entries(route.answers).map(([status, answer]) => {
    if (answer === null) return [status, { description: "No content" }];
    const content = isSchema(answer)
      ? { "application/json": { schema: ref(idOf(answer)) } }
      : { [answer]: { schema: { type: "string" } } };
    return [status, { description: route.summary, content }];
  });
  const bad: [string, Json][] = [
    ["400", problemAnswer("The request is invalid; errors names the fields")],
    ...(route.caller === "anyone"
      ? []
      : [["401", problemAnswer("The token is missing or wrong")] as [string, Json]]),
    ...(route.params === undefined
      ? []
      : [
          ["404", problemAnswer("The object does not exist, or the caller may not see it")] as [
            string,
            Json,
          ],
        ]),
    ...(route.method === "GET"
      ? []
      : [["409", problemAnswer("The request conflicts with the current state")] as [string, Json]]),
    ...(route.versioned === true && route.method !== "GET"
      ? [
          ["412", problemAnswer("The object has changed since the client read it")] as [
            string,
            Json,
          ],
        ]
      : []),
  ];
  return Object.fromEntries([...good, ...bad]) as Json;
};

/** Zod puts recursive schemas into a separate document; OpenAPI needs them among the components. */
const shared = (schemas: Record<string, unknown>): Record<string, unknown> => {
  const { __shared: own, ...named } = JSON.parse(
    JSON.stringify(schemas).replaceAll("schemas/__shared#/$defs/", "schemas/Shared_"),
  ) as Record<string, Json>;
  const defined = Object.entries((own?.["$defs"] ?? {}) as Json);
  return {
    ...named,
    ...Object.fromEntries(defined.map(([name, schema]) => [`Shared_${name}`, schema])),
  };
};

/** The OpenAPI 3.1 document of a table of routes. Shapes are the wire's. */
export const openApi = (routes: Table, version: string): Json => {
  const registry = register(routes);
  const { schemas: raw } = z.toJSONSchema(registry, {
    io: "input",
    unrepresentable: "any",
    uri: (id) => `#/components/schemas/${id}`,
  });
  const schemas = withoutNever(shared(raw)) as Record<string, Json>;
  const idOf = (schema: z.ZodType): string => registry.get(schema)?.id ?? "Problem";
  const paths: Record<string, Json> = {};
  const queries = new Set<string>();
  for (const [key, route] of Object.entries(routes)) {
    const queryId = route.query === undefined ? undefined : idOf(route.query);
    if (queryId !== undefined) queries.add(queryId);
    const path = route.path.replaceAll(/:(\w+)/g, "{$1}");
    const security =
      route.caller === "anyone" ? [] : [route.caller === "user" ? { bearer: [] } : { locust: [] }];
    paths[path] = {
      ...paths[path],
      [route.method.toLowerCase()]: {
        operationId: key,
        summary: route.summary,
        ...(route.description === undefined ? {} : { description: route.description }),
        tags: [route.tag],
        security,
        parameters: parameters(route, schemas, queryId),
        ...(route.body === undefined
          ? {}
          : {
              requestBody: {
                required: route.bodyOptional !== true,
                content: { "application/json": { schema: ref(idOf(route.body)) } },
              },
            }),
        responses: answers(route, idOf),
      },
    };
  }
  for (const id of queries) delete schemas[id];
  return {
    openapi: "3.1.0",
    info: {
      title: "Load Manager",
      version,
      description: "The open control plane for Locust load tests.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    paths,
    components: {
      schemas,
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer" },
        locust: { type: "apiKey", in: "header", name: "X-Locust-Token" },
      },
    },
  };
};
