import { expect, test } from "vitest";
import { openApi } from "./openapi.ts";
import { PROBLEMS } from "./problem.ts";
import { routes } from "./routes.ts";

test("tags and problem titles are the published words", () => {
  const { paths } = openApi(routes, "1") as {
    paths: Record<string, Record<string, { tags: string[] }>>;
  };
  const tags = Object.values(paths)
    .flatMap((path) => Object.values(path))
    .flatMap((operation) => operation.tags);
  expect(new Set(tags)).toEqual(
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
