import { parseExpression } from "@load-manager/contract/criteria/parse.ts";
import { expect, test } from "vitest";
import { completionsAt } from "./criterion-completion.ts";

const ENDPOINTS = ["POST /checkout", "GET /f(x)"];

/** `|` is the caret. → the texts that completing leads to. */
const completed = (given: string, isAsked = false): string[] | undefined => {
  const at = given.indexOf("|");
  const text = given.replace("|", "");
  const found = completionsAt(text, at, { endpoints: ENDPOINTS, isAsked });
  return found?.options.map(
    ({ label, apply = label }) => text.slice(0, found.from) + apply + text.slice(at),
  );
};

test.each([
  ["|", "p95 "],
  ["er|", "errorRate "],
  ["p95(|", "p95(POST /checkout) "],
  ["p95( PO|", "p95( POST /checkout) "],
  ["p95(G|", 'p95("GET /f(x)") '],
  ["p95(|) < 5 ms", "p95(POST /checkout) < 5 ms"],
  ["p95 |", "p95 <= "],
  ["p95(POST /a) |", "p95(POST /a) < "],
  ["p95 < 500|", "p95 < 500 ms"],
  ["p95 < 500 |", "p95 < 500 s"],
  ["errorRate < 0.5|", "errorRate < 0.5 %"],
  ["p95 < b|", "p95 < baseline * 1.1"],
  ["p95 < 500 ms o|", "p95 < 500 ms over steady"],
  ["errorRate(/a) < 5 % i|", "errorRate(/a) < 5 % in every 30 s"],
  ["p99 < baseline * 1.1 o|", "p99 < baseline * 1.1 over last 60 s"],
])("%s can become %s", (given, expected) => {
  expect(completed(given)).toContain(expected);
});

test.each(["nothing < |", "users(|", "p95 ~ |", "p95 < 500 ms |", "p95 over steady |"])(
  "nothing is proposed by itself in %s",
  (given) => {
    expect(completed(given)).toBeUndefined();
  },
);

test("after what can be the end a window is proposed to who asks; a count has no unit", () => {
  expect(completed("p95 < 500 ms |", true)).toContain("p95 < 500 ms over steady");
  expect(completed("requests > 500|")).toEqual([]);
});

test("every proposal of an endpoint, a unit and a window makes an expression without a fault", () => {
  for (const given of ["p95(|) < 5 ms", "p95 < 500|", "errorRate < 1|", "rps > 5 o|"])
    for (const text of completed(given) ?? [])
      expect([text, parseExpression(text).ok]).toEqual([text, true]);
});
