import type { z } from "zod";
import { Hint } from "./changes.ts";
import { exampleOf, otherExampleOf } from "./examples.ts";
import { EndEvent, EVENT_ID, SampleEvent } from "./metrics-detail.ts";
import { RunEvent } from "../model/run.ts";
import { isSchema, type JsonSchema, jsonSchemasOf } from "./openapi-schemas.ts";
import { type ProblemKind, PROBLEMS, problemType } from "./problem.ts";
import { isKeyed, problemsOf, responsesOf } from "./responses.ts";
import type { Route } from "./route.ts";

type Ref = { readonly $ref: string };

export type Parameter = {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required: boolean;
  readonly description: string;
  readonly schema: JsonSchema;
  readonly example?: unknown;
};

type Media = { readonly schema: JsonSchema; readonly example?: unknown };

type Response = {
  readonly description: string;
  readonly headers?: Readonly<Record<string, Ref>>;
  readonly content?: Readonly<Record<string, Media>>;
};

export type Operation = {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly security: readonly object[];
  readonly parameters: readonly (Parameter | Ref)[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: Readonly<Record<string, Media>>;
  };
  readonly responses: Readonly<Record<string, Response | Ref>>;
};

type Table = Readonly<Record<string, Route>>;
type Schemas = ReturnType<typeof jsonSchemasOf>;

const TAGS: Readonly<Record<string, string>> = {
  "Load tests": "What is to be tested, and with how many users.",
  Scripts: "The locustfiles of load tests, as numbered revisions.",
  Runs: "Executions of load tests: started, watched, changed, stopped.",
  Metrics: "What a run measured.",
  Clusters: "Where Locust runs.",
  System: "The server itself, and what the caller may see.",
  "Locust callbacks":
    "Called from inside Locust. The plugin's binary batches of records go to POST /v1/internal/locust/samples and are documented in locust-plugin/PROTOCOL.md.",
};

/** Request headers, by the name of their component. */
const HEADER_PARAMETERS = {
  IfMatch: {
    name: "If-Match",
    in: "header",
    required: false,
    description:
      "The ETag that the client has read, of the object that the path names: a newer version of it is a 412. Absent or *: any.",
    schema: { type: "string", pattern: '^(\\*|(W/)?"[0-9]+")$' },
  },
  IdempotencyKey: {
    name: "Idempotency-Key",
    in: "header",
    required: false,
    description:
      "Runs the request once: a repeat within 24 hours gets the same response (Idempotency-Replayed: true), if the caller may still send the request. 422 for a different request with this key, 409 while the first request is in progress.",
    schema: { type: "string", pattern: "^[!-~]{1,255}$" },
  },
  LastEventId: {
    name: "Last-Event-ID",
    in: "header",
    required: false,
    description:
      "Resumes after the event with this id; 0 begins with the run's first. An EventSource sends it by itself.",
    // Clients without an id may send an empty one.
    schema: { type: "string", pattern: `^$|${EVENT_ID.source}` },
  },
} as const satisfies Record<string, Parameter>;

const text = (description: string, example: string) => ({
  description,
  schema: { type: "string" },
  example,
});

/** Headers of responses, by the name of their component. */
const RESPONSE_HEADERS = {
  ETag: text("The version of the object, for If-Match.", '"3"'),
  Location: text(
    "The path of the created object.",
    "/v1/runs/c2a9e1d4-8b1f-4c8e-a0f3-7e5d9b6c4a32",
  ),
  "Idempotency-Replayed": text(
    "true where this is the response of an earlier request with the same Idempotency-Key.",
    "true",
  ),
  "Content-Disposition": text(
    "The name of the file to save.",
    'attachment; filename="metrics.csv"',
  ),
  "Set-Cookie": text(
    "The session's cookie, which only browsers send; after signing out it is empty.",
    "load_manager_session=3f9a2c71d04e4b6a; Max-Age=604800; Path=/; HttpOnly; SameSite=Strict",
  ),
  "X-Request-Id": text("The id of the request in the server's log.", "a81f02c4"),
  "WWW-Authenticate": text("How to authenticate.", 'Bearer realm="load-manager"'),
  "Retry-After": {
    description: "When to try again, in seconds.",
    schema: { type: "integer" },
    example: 5,
  },
} as const;
type HeaderName = keyof typeof RESPONSE_HEADERS;

const headers = (...names: HeaderName[]): Readonly<Record<string, Ref>> =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

const headerParameter = (name: keyof typeof HEADER_PARAMETERS): Ref => ({
  $ref: `#/components/parameters/${name}`,
});

/** A parameter that may be repeated is a list; one value alone is a list of one. */
const repeatable = ({ anyOf, ...schema }: JsonSchema): JsonSchema => {
  const list = anyOf?.find((branch) => branch.type === "array");
  return list === undefined
    ? { ...schema, ...(anyOf === undefined ? {} : { anyOf }) }
    : { ...schema, ...list };
};

const parametersIn = (
  place: "path" | "query",
  fields: Readonly<Record<string, JsonSchema>>,
  example: object | undefined,
): Parameter[] =>
  Object.entries(fields).map(([name, { description = "", ...schema }]) => {
    const value = new Map(Object.entries(example ?? {})).get(name);
    const shown = repeatable(schema);
    return {
      name,
      in: place,
      required: place === "path",
      description,
      schema: shown,
      ...(value === undefined ? {} : { example: shown.type === "array" ? [value] : value }),
    };
  });

const parametersOf = (key: string, route: Route, schemas: Schemas): (Parameter | Ref)[] => {
  const { params, query } = exampleOf(key);
  return [
    ...parametersIn("path", schemas.fieldsOf(route.params), params),
    ...parametersIn("query", schemas.fieldsOf(route.query), query),
    ...(route.ifMatch === true ? [headerParameter("IfMatch")] : []),
    ...(isKeyed(route) ? [headerParameter("IdempotencyKey")] : []),
    ...(isStream(route) ? [headerParameter("LastEventId")] : []),
  ];
};

const isStream = (route: Route): boolean =>
  Object.values(route.answers).includes("text/event-stream");

const ZIP_BODY = {
  "application/zip": {
    schema: { type: "string", contentMediaType: "application/zip", description: "The archive." },
  },
};

const requestBodyOf = (key: string, route: Route, body: z.ZodType, schemas: Schemas) => {
  const media = { schema: schemas.refTo(body), example: exampleOf(key).body };
  const patch = route.method === "PATCH" ? { "application/merge-patch+json": media } : {};
  const zip = route.bodyBytes?.["application/zip"] === undefined ? {} : ZIP_BODY;
  return {
    required: route.bodyOptional !== true,
    content: { "application/json": media, ...patch, ...zip },
  };
};

/** A body that is not JSON. Of a stream, the schema is that of one event. */
const textSchema = (contentType: string, schemas: Schemas): JsonSchema => {
  if (contentType === "application/zip") return ZIP_BODY[contentType].schema;
  if (contentType !== "text/event-stream") return { type: "string" };
  const data = { anyOf: [SampleEvent, RunEvent, EndEvent, Hint].map(schemas.refTo) };
  return {
    description: "One event of the stream.",
    properties: {
      event: {
        type: "string",
        enum: ["sample", "status", "event", "end", "hint"],
        description: "The kind of event.",
      },
      id: { type: "string", pattern: EVENT_ID.source, description: "The id for Last-Event-ID." },
      data: {
        type: "string",
        contentMediaType: "application/json",
        contentSchema: data,
        description:
          "A SampleEvent for sample, a RunEvent for status and event, an EndEvent for end, a Hint for hint, which only the stream of changes has, and which has no id.",
      },
    },
  };
};

const successesOf = (key: string, route: Route, schemas: Schemas): [string, Response][] => {
  const { location, setsCookie, contentTypes = [] } = responsesOf(key);
  const { answer: example } = exampleOf(key);
  return Object.entries(route.answers).map(([status, answer]) => {
    const names: HeaderName[] = [
      ...(route.etag === true && answer !== null ? (["ETag"] as const) : []),
      ...(location === true ? (["Location"] as const) : []),
      ...(setsCookie === true ? (["Set-Cookie"] as const) : []),
      ...(isKeyed(route) ? (["Idempotency-Replayed"] as const) : []),
      ...(contentTypes.length === 0 ? [] : (["Content-Disposition"] as const)),
      "X-Request-Id",
    ];
    if (answer === null)
      return [status, { description: "No content.", headers: headers(...names) }];
    const shown = Number(status) < 300 ? { example } : {};
    const type = isSchema(answer) ? "application/json" : answer;
    const schema = isSchema(answer) ? schemas.refTo(answer) : textSchema(answer, schemas);
    const others = contentTypes.map((name) => [
      name,
      { schema: { type: "string" }, example: otherExampleOf(key, name) },
    ]);
    const content = { [type]: { schema, ...shown }, ...Object.fromEntries(others) };
    return [status, { description: `${route.summary}.`, headers: headers(...names), content }];
  });
};

const problemName = (kinds: readonly ProblemKind[]): string =>
  kinds
    .map((kind) => PROBLEMS[kind].title)
    .join(" or ")
    .replaceAll(/\W+(\w)/g, (_, letter: string) => letter.toUpperCase());

/** The answer of one or several kinds of error with the same status. */
const problemResponse = (kinds: readonly ProblemKind[]): Response => {
  const [kind = "internal"] = kinds;
  const { status, title } = PROBLEMS[kind];
  const meaning = kinds.map((one) => PROBLEMS[one].meaning).join(" ");
  const names: HeaderName[] = [
    ...(status === 401 ? (["WWW-Authenticate"] as const) : []),
    ...(status === 429 || status === 503 ? (["Retry-After"] as const) : []),
    "X-Request-Id",
  ];
  const errors = [{ field: "defaultUsers", message: "must be a whole number of at least 1" }];
  const example = {
    type: problemType(kind),
    title,
    status,
    detail: meaning,
    ...(kind === "validation" ? { errors } : {}),
    ...(status === 429 ? { retryAfterSeconds: 37 } : {}),
    requestId: "a81f02c4",
  };
  const schema = { $ref: "#/components/schemas/Problem" };
  return {
    description: meaning,
    headers: headers(...names),
    content: { "application/problem+json": { schema, example } },
  };
};

const SCHEMES = {
  user: [{ bearer: [] }, { session: [] }],
  locust: [{ locust: [] }],
} as const;

/** Callers of whom the server asks no token. */
type Tokenless = { readonly [C in keyof typeof SCHEMES]: boolean };

/** An empty requirement beside another one makes it optional. */
const securityOf = ({ caller }: Route, tokenless: Tokenless): object[] => {
  if (caller === "anyone") return [];
  return [...(tokenless[caller] ? [{}] : []), ...SCHEMES[caller]];
};

/** The permission that an operation needs, and those of the fields that need another one besides. */
const permissionText = (route: Route): string[] => {
  if (route.caller !== "user") return [];
  const fields = Object.entries(route.fieldPermissions ?? {}).map(
    ([field, permission]) => `; with the field \`${field}\` also \`${permission}\``,
  );
  return [`Needs the permission \`${route.permission}\`${fields.join("")}.`];
};

/** What the operation does, and which permission it needs. */
const describedBy = (route: Route): { readonly description?: string } => {
  const permission = permissionText(route);
  const parts = [...(route.description === undefined ? [] : [route.description]), ...permission];
  return parts.length === 0 ? {} : { description: parts.join(" ") };
};

const operationOf = (
  key: string,
  route: Route,
  schemas: Schemas,
  tokenless: Tokenless,
): Operation => {
  const problems = [...problemsOf(key, route)].filter(
    ([status]) => route.answers[status] === undefined,
  );
  return {
    operationId: key,
    summary: route.summary,
    ...describedBy(route),
    tags: [route.tag],
    security: securityOf(route, tokenless),
    parameters: parametersOf(key, route, schemas),
    ...(route.body === undefined
      ? {}
      : { requestBody: requestBodyOf(key, route, route.body, schemas) }),
    responses: Object.fromEntries([
      ...successesOf(key, route, schemas),
      ...problems.map(([status, kinds]): [string, Ref] => [
        String(status),
        { $ref: `#/components/responses/${problemName(kinds)}` },
      ]),
    ]),
  };
};

/** `/v1/runs/{runId}` */
export const templateOf = (route: Route): string => route.path.replaceAll(/:(\w+)/g, "{$1}");

const DESCRIPTION = `The open control plane for Locust load tests.

Times in answers are ISO 8601 in UTC with milliseconds; in requests they may also be Unix milliseconds. Lists answer items and nextCursor. Errors are application/problem+json (RFC 9457). A server without tokens accepts requests without authentication, from its own machine only. A path answers 405 with Allow to a method that it does not have.`;

/** The OpenAPI 3.1 document of a table of routes. Shapes are the wire's. */
export const openApi = (
  routes: Table,
  version: string,
  tokenless: Tokenless = { user: false, locust: false },
) => {
  const schemas = jsonSchemasOf(routes);
  const paths: Record<string, Record<string, Operation>> = {};
  const responses: Record<string, Response> = {};
  for (const [key, route] of Object.entries(routes)) {
    const path = templateOf(route);
    paths[path] = {
      ...paths[path],
      [route.method.toLowerCase()]: operationOf(key, route, schemas, tokenless),
    };
    for (const kinds of problemsOf(key, route).values()) {
      responses[problemName(kinds)] = problemResponse(kinds);
    }
  }
  const tags = [...new Set(Object.values(routes).map(({ tag }) => tag))];
  return {
    openapi: "3.1.0",
    info: {
      title: "Load Manager",
      version,
      description: DESCRIPTION,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/", description: "The server that serves this document." }],
    tags: tags.map((name) => ({ name, description: TAGS[name] ?? "" })),
    paths,
    components: {
      schemas: schemas.components,
      parameters: HEADER_PARAMETERS,
      headers: RESPONSE_HEADERS,
      responses,
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          description: "A token of the server's security.apiToken or security.apiTokens.",
        },
        session: {
          type: "apiKey",
          in: "cookie",
          name: "load_manager_session",
          description:
            "The cookie that POST /v1/session sets; a request that changes something must come from a page of the server.",
        },
        locust: {
          type: "apiKey",
          in: "header",
          name: "X-Locust-Token",
          description:
            "The server's security.locustCallbackToken, for callbacks from inside Locust.",
        },
      },
    },
  };
};

export type OpenApi = ReturnType<typeof openApi>;
