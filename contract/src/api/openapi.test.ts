import { expect, test } from "vitest";
import { z } from "zod";
import { exampleOf } from "./examples.ts";
import { openApi } from "./openapi.ts";
import { PROBLEMS } from "./problem.ts";
import type { Route } from "./route.ts";
import { routes } from "./routes.ts";

const document = openApi(routes, "1");
const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
const table: readonly (readonly [string, Route])[] = Object.entries(routes);

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const resolve = (value: unknown): unknown => {
  if (!isObject(value) || typeof value["$ref"] !== "string") return value;
  return value["$ref"]
    .slice("#/".length)
    .split("/")
    .reduce((part: unknown, name) => (isObject(part) ? part[name] : undefined), document);
};

const isDescribed = (value: unknown): boolean => {
  const shown = [value, resolve(value)];
  return shown.some(
    (one) =>
      isObject(one) &&
      typeof one["description"] === "string" &&
      /\S.*\.$/s.test(one["description"]),
  );
};

/** Every property, parameter, header and response of the document, with its place. Examples are values, not schemas. */
const described = (value: unknown, place = ""): (readonly [string, unknown])[] => {
  if (Array.isArray(value)) {
    return value.flatMap((part, index) => described(part, `${place}/${index}`));
  }
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, part]) => {
    if (key === "example" || key === "default") return [];
    const here = `${place}/${key}`;
    const members = isObject(part) || Array.isArray(part) ? Object.entries(part) : [];
    const own = ["properties", "parameters", "headers", "responses", "securitySchemes"];
    const named = own.includes(key)
      ? members.map(([name, member]): [string, unknown] => [`${here}/${name}`, member])
      : [];
    return [...named, ...described(part, here)];
  });
};

test("every property, parameter, header and response has a description", () => {
  const all = described(document);
  expect(all.length).toBeGreaterThan(1000);
  expect(all.filter(([, value]) => !isDescribed(value)).map(([place]) => place)).toEqual([]);
});

test("every reference resolves", () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)];
  expect(references.length).toBeGreaterThan(100);
  for (const [, $ref] of references) expect([$ref, resolve({ $ref })]).not.toContain(undefined);
});

/** Names the fields of a schema that `value` has and the schema would drop. */
const roundTrip = (schema: z.ZodType, value: unknown): unknown =>
  JSON.parse(JSON.stringify(schema.encode(schema.parse(value))));

test.each(table)("the example of %s is a valid request and answer", (key, route) => {
  const { params, query, body, answer } = exampleOf(key);
  expect(answer).toBeDefined();
  route.params?.parse(params);
  route.query?.parse(query ?? {});
  expect(body === undefined).toBe(route.body === undefined);
  route.body?.parse(body);
  const shapes = Object.values(route.answers);
  const [first] = shapes;
  if (typeof first === "string") expect(answer).toEqual(expect.any(String));
  else if (first === null || first === undefined) expect(answer).toBeNull();
  else expect(roundTrip(first, answer)).toEqual(JSON.parse(JSON.stringify(answer)));
});

test("every operation shows its example", () => {
  for (const { operationId, requestBody, responses } of operations) {
    const [success] = Object.values(responses);
    const media = [requestBody, success].flatMap((part) =>
      part !== undefined && "content" in part ? [Object.values(part.content ?? {})[0]] : [],
    );
    for (const one of media) expect([operationId, one?.example]).not.toContain(undefined);
  }
});

test("nothing but the probes and signing in is open, and callbacks have their own token", () => {
  const open = operations.filter(({ security }) => security.length === 0);
  expect(open.map(({ operationId }) => operationId).toSorted()).toEqual([
    "createSession",
    "deleteSession",
    "getHealth",
    "getLiveness",
    "getPrometheusMetrics",
    "getReadiness",
  ]);
  for (const { tags, security } of operations) {
    if (security.length === 0) continue;
    expect(security).toEqual(
      tags[0] === "Locust callbacks" ? [{ locust: [] }] : [{ bearer: [] }, { session: [] }],
    );
  }
});

test("tags and problem titles are the published words", () => {
  expect(new Set(operations.flatMap(({ tags }) => tags))).toEqual(
    new Set(["Load tests", "Scripts", "Runs", "Metrics", "Clusters", "System", "Locust callbacks"]),
  );
  expect(PROBLEMS).toMatchObject({
    "not-found": { status: 404, title: "Not found" },
    gone: { status: 410, title: "Gone" },
    unauthorized: { status: 401, title: "Unauthorized" },
    forbidden: { status: 403, title: "Forbidden" },
    conflict: { status: 409, title: "Conflict" },
    validation: { status: 400, title: "Invalid request" },
    internal: { status: 500, title: "Internal error" },
  });
});

test("a 429 says when to try again, sessions set their cookie, and a patch with a field of its own names both permissions", () => {
  const { responses } = document.components;
  const limited = responses["TooManyRequests"];
  expect(Object.keys(limited?.headers ?? {})).toContain("Retry-After");
  expect(JSON.stringify(limited?.content)).toContain('"retryAfterSeconds"');
  expect(JSON.stringify(document.components.schemas["Problem"])).toContain('"retryAfterSeconds"');
  const session = document.paths["/v1/session"] ?? {};
  const declared = Object.values(session).map(({ responses: answers }) => {
    const [success] = Object.values(answers);
    return success !== undefined && "headers" in success ? Object.keys(success.headers ?? {}) : [];
  });
  expect(declared).toHaveLength(2);
  for (const names of declared) expect(names).toContain("Set-Cookie");
  const patch = document.paths["/v1/runs/{runId}"]?.["patch"]?.description;
  expect(patch).toContain("`runs.annotate`; with the field `keep` also `runs.keep`.");
});

test("every content type of an answer has an example, and a merge patch is of PATCH only", () => {
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, { responses, requestBody }] of Object.entries(methods)) {
      const [success] = Object.values(responses);
      const content = success !== undefined && "content" in success ? (success.content ?? {}) : {};
      for (const [type, { example }] of Object.entries(content))
        expect([path, type, typeof example]).not.toContain("undefined");
      const hasPatch = "application/merge-patch+json" in (requestBody?.content ?? {});
      expect([path, method, hasPatch]).toEqual([path, method, method === "patch"]);
    }
  }
});

test("an operation with If-Match can answer 412, and one with an ETag answers a version", () => {
  for (const [key, route] of table) {
    const operation = operations.find(({ operationId }) => operationId === key);
    expect([key, operation?.responses["412"] !== undefined]).toEqual([key, route.ifMatch === true]);
    const versions = Object.values(route.answers).map(
      (answer) => answer instanceof z.ZodObject && "version" in answer.shape,
    );
    if (route.etag === true) expect([key, ...versions]).not.toContain(false);
  }
  const withEtag = table.filter(([, { etag }]) => etag === true).map(([key]) => key);
  for (const key of ["createLoadTest", "createRun", "stopRun", "changeRunLoad"])
    expect(withEtag).toContain(key);
});
