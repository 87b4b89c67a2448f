import { expect, test } from "vitest";
import { EVENT_SHAPES } from "./event-shapes.ts";
import { exampleOf } from "./examples.ts";
import { ZIP } from "./http-client.ts";
import { EVENT_TIMES, OPERATIONS } from "./operations.ts";
import type { Route } from "./route.ts";
import { routes } from "./routes.ts";
import { timePathsOf } from "./time-paths.ts";
import { decodeTimes, type Times } from "./times.ts";

const table: readonly (readonly [string, Route])[] = Object.entries(routes);
const EVENTS = Object.entries(EVENT_SHAPES);

const readingOf = (shape: Route["answers"][number]): string => {
  if (shape === null) return '"none"';
  if (shape === ZIP) return '"bytes"';
  if (typeof shape === "string") return shape === "text/event-stream" ? '"stream"' : '"text"';
  return JSON.stringify({ times: timePathsOf(shape) });
};

const lineOf = ([key, { method, path, body, bodyOptional, answers }]: readonly [string, Route]) => {
  const readings = Object.entries(answers).map(([status, of]) => `${status}: ${readingOf(of)}`);
  const sendsBody = body !== undefined && bodyOptional !== true;
  return `  ${key}: { method: "${method}", path: "${path}", sendsBody: ${sendsBody}, answers: { ${readings.join(", ")} } },`;
};

test("operations.ts is what the routes say; `npm run test:unit -- contract/src/api/operations.test.ts -u` writes it", async () => {
  const text = `// Written by operations.test.ts from routes.ts: the operations without the schemas, for programs that load fast.
import type { PlainOperation } from "./plain-operation.ts";
import type { Times } from "./times.ts";

export const OPERATIONS: Readonly<Record<string, PlainOperation>> = {
${table.map(lineOf).join("\n")}
};

export const EVENT_TIMES: Readonly<Record<string, Times | undefined>> = {
${EVENTS.map(([type, shape]) => `  ${type}: ${JSON.stringify(timePathsOf(shape))},`).join("\n")}
};
`;
  await expect(text).toMatchFileSnapshot("./operations.ts");
});

test("an answer without its schema is read as with it", () => {
  let read = 0;
  for (const [key, { answers }] of table) {
    for (const [status, shape] of Object.entries(answers)) {
      if (shape === null || typeof shape === "string") continue;
      const { answer } = exampleOf(key);
      const checked = shape.safeParse(answer);
      if (!checked.success) continue;
      const reading = OPERATIONS[key]?.answers[Number(status)];
      const times: Times | undefined = typeof reading === "object" ? reading.times : undefined;
      expect(decodeTimes(times, structuredClone(answer))).toEqual(checked.data);
      read += 1;
    }
  }
  expect(read).toBeGreaterThan(30);
  expect(Object.keys(EVENT_TIMES)).toEqual(EVENTS.map(([type]) => type));
});
