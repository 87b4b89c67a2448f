import { openApi } from "@load-manager/contract/api/openapi.ts";
import { Problem } from "@load-manager/contract/api/problem.ts";
import type { Route } from "@load-manager/contract/api/route.ts";
import { routes } from "@load-manager/contract/api/routes.ts";
import type { OutgoingHttpHeaders } from "node:http";
import { z } from "zod";

const { paths } = openApi(routes, "1");
const operations = Object.entries(routes).map(([key, route]: [string, Route]) => {
  const template = route.path.replaceAll(/:(\w+)/g, "{$1}");
  const declared = paths[template]?.[route.method.toLowerCase()]?.responses ?? {};
  return {
    key,
    route,
    declared,
    pattern: new RegExp(`^${route.path.replaceAll(/:\w+/g, "[^/]+")}$`),
  };
});

/** Fails where an operation answers what the OpenAPI document does not say of it: the status, the type or the body. */
export const assertDeclared = (
  method: string,
  url: string,
  answer: {
    readonly status: number;
    readonly headers: OutgoingHttpHeaders;
    readonly json: unknown;
  },
): void => {
  const path = url.split("?")[0] ?? "";
  const operation = operations.find(
    ({ route, pattern }) => route.method === method && pattern.test(path),
  );
  if (operation === undefined) return;
  const { key, route, declared } = operation;
  const { status, headers, json } = answer;
  if (declared[status] === undefined) throw new Error(`${key} answers an undeclared ${status}.`);
  const type = String(headers["content-type"]).split(";")[0] ?? "";
  const shape = route.answers[status];
  if (shape === undefined) {
    if (type !== "application/problem+json")
      throw new Error(`${key} answers ${status} as ${type}.`);
    Problem.parse(json);
  } else if (shape instanceof z.ZodType && type === "application/json") shape.parse(json);
};
