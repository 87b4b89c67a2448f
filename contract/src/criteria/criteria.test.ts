import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { endpointMatcher, literalPattern } from "./endpoint-pattern.ts";
import { type Expression, faultOf, NAMED_METRICS, OPERATORS, hasEndpoints } from "./expression.ts";
import { formatExpression, formatFigure } from "./format.ts";
import { parseExpression } from "./parse.ts";

const read = (text: string): Expression => {
  const parsed = parseExpression(text);
  if (!parsed.ok) throw new Error(`${text}: ${JSON.stringify(parsed.fault)}`);
  return parsed.expression;
};
const faultIn = (text: string) => {
  const parsed = parseExpression(text);
  if (parsed.ok) throw new Error(`${text} has no fault`);
  return parsed.fault;
};
const value = (of: number) => ({ kind: "value" as const, value: of });
const RUN = { kind: "run" as const };

describe("an expression", () => {
  test.each<[string, Expression]>([
    ["p95 < 300 ms", { metric: "p95", window: RUN, operator: "<", limit: value(300) }],
    [
      "p95(POST /checkout) < 0.5s over steady",
      {
        metric: "p95",
        endpoints: "POST /checkout",
        window: { kind: "steady" },
        operator: "<",
        limit: value(500),
      },
    ],
    [
      "errorRate(GET /products*) < 0.5 %",
      {
        metric: "errorRate",
        endpoints: "GET /products*",
        window: RUN,
        operator: "<",
        limit: value(0.5),
      },
    ],
    [
      "p99.90 < baseline * 1.1",
      {
        metric: "p99.9",
        window: RUN,
        operator: "<",
        limit: { kind: "baseline", factor: 1.1 },
      },
    ],
    [
      "errorRate < 5 % in every 30 s",
      {
        metric: "errorRate",
        window: { kind: "every", seconds: 30 },
        operator: "<",
        limit: value(5),
      },
    ],
    ["exceptions(all) = 0", { metric: "exceptions", window: RUN, operator: "=", limit: value(0) }],
    [
      "avg over 60 s .. 5 min < 200 ms",
      {
        metric: "avg",
        window: { kind: "between", fromSeconds: 60, toSeconds: 300 },
        operator: "<",
        limit: value(200),
      },
    ],
    [
      'rps("all") >= 100 over last 2 min',
      {
        metric: "rps",
        endpoints: "all",
        window: { kind: "last", seconds: 120 },
        operator: ">=",
        limit: value(100),
      },
    ],
  ])("%s", (text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  test("says the same with the window before the comparison and after it", () => {
    expect(read("avg over steady < 200 ms")).toEqual(read("avg < 200 ms over steady"));
  });

  test.each([
    ["p95 < 300", 7, "a unit is missing: ms, s, min, h", "300 ms"],
    ["p95 < 300 sec", 11, "sec is no unit of time; known are ms, s, min, h", "s"],
    ["errorRate < 5", 13, "errorRate is a share; the unit % is missing", "5 %"],
    ["p950 < 3 ms", 1, "the metric p950 is unknown", undefined],
    ["p100 < 3 ms", 1, "the metric p100 is unknown", "max"],
    ["p(95) < 3 ms", 1, "p(95) is written without brackets", "p95"],
    ["errorrate < 5 %", 1, "the metric errorrate is unknown", "errorRate"],
    ["med < 5 ms", 1, "the metric med is unknown", "p50"],
    ["p95 == 5 ms", 5, "a comparison is expected here", "="],
    ["p95 < 5 ms over stead", 17, "a window is expected here", "steady"],
    ["p95 < 5 ms in any 3 s", 15, "every is expected here", "every"],
    ["p95 < 5 ms over last 60", 22, "a unit is missing", "60 s"],
    ["p95 < 5 ms over last 1.5 s", 22, "a window has whole seconds", undefined],
    ["p95 over run < 5 ms over run", 21, "there is a window already", undefined],
    ["p95(/a(b)) < 5 ms", 5, "an endpoint with brackets", '"/a(b"'],
    ["p95(/a < 5 ms", 14, "the ( is not closed", undefined],
    ["users(/a) > 5", 7, "users is of the whole run", "all"],
    ["exceptions = 0 %", 16, "exceptions has no unit", ""],
    ["errorRate < 101 %", 13, "the limit must be at most 100 %", undefined],
    ["p95 < 5 ms over 5 min .. 60 s", 26, "the window ends before it begins", undefined],
    ["avg < 5 ms in every 2 h", 21, "a window has whole seconds from 1 to 60 min", undefined],
    ["", 1, "a metric is missing", undefined],
  ])("%s names the fault at its column", (text, column, message, proposal) => {
    const fault = faultIn(text);
    expect(fault.message).toContain(message);
    expect(fault).toMatchObject({ column, ...(proposal === undefined ? {} : { proposal }) });
    if (proposal === undefined) expect(fault.proposal).toBeUndefined();
  });

  test.each([
    "p95 < 300",
    "errorRate < 5",
    "p(95) < 3 ms",
    "med < 5 ms",
    "p95 == 5 ms",
    "users(/a) > 5",
    "exceptions = 0 %",
  ])("%s is right with its proposal", (text) => {
    const { column, length, proposal = "" } = faultIn(text);
    const mended = text.slice(0, column - 1) + proposal + text.slice(column - 1 + length);
    expect(parseExpression(mended)).toMatchObject({ ok: true });
  });
});

const number = fc.integer({ min: 0, max: 1e9 }).map((whole) => whole / 1e6);
const seconds = fc.integer({ min: 1, max: 3600 });
const endpoints = fc.option(
  fc.oneof(
    fc.string({ minLength: 1, maxLength: 12 }).map(literalPattern),
    fc.constantFrom("*", "all", "GET /a(b)*", 'a"b', "GET /x y", " lead", "\\*\\\\", ")", '\\\\"'),
  ),
  { nil: undefined },
);
const expressions: fc.Arbitrary<Expression> = fc
  .record({
    metric: fc.oneof(
      fc.constantFrom(...NAMED_METRICS),
      fc.integer({ min: 1, max: 99_999 }).map((one) => `p${one / 1000}` as const),
    ),
    endpoints,
    window: fc.oneof(
      fc.constantFrom({ kind: "run" as const }, { kind: "steady" as const }),
      fc.record({ kind: fc.constantFrom("last" as const, "every" as const), seconds }),
      fc
        .tuple(fc.integer({ min: 0, max: 9999 }), fc.integer({ min: 1, max: 9999 }))
        .map(([from, more]) => ({
          kind: "between" as const,
          fromSeconds: from,
          toSeconds: from + more,
        })),
    ),
    operator: fc.constantFrom(...OPERATORS),
    limit: fc.oneof(
      number.map(value),
      number.filter((one) => one > 0).map((factor) => ({ kind: "baseline" as const, factor })),
    ),
  })
  .map(({ endpoints: pattern, ...rest }) =>
    pattern === undefined || !hasEndpoints(rest.metric) ? rest : { ...rest, endpoints: pattern },
  )
  .filter((expression) => faultOf(expression) === undefined);

describe("text and JSON form", () => {
  test("say the same, both ways", () => {
    fc.assert(
      fc.property(expressions, (expression) => {
        const text = formatExpression(expression);
        expect(read(text)).toEqual(expression);
        expect(formatExpression(read(text))).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  test("no text makes the parser fail otherwise than with a fault inside of it", () => {
    const words = [
      "p95",
      "<",
      "ms",
      "over",
      "in",
      "every",
      "(",
      ")",
      '"',
      "\\",
      "5",
      "%",
      "..",
      " ",
      "baseline",
      "*",
    ];
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 3 }))),
        (parts) => {
          const text = parts.join("");
          const parsed = parseExpression(text);
          if (parsed.ok) return;
          expect(parsed.fault.column).toBeGreaterThanOrEqual(1);
          expect(parsed.fault.column).toBeLessThanOrEqual(text.length + 1);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe("a pattern of endpoints", () => {
  const cases: [string, string, string, boolean][] = [
    ["POST /checkout", "POST", "/checkout", true],
    ["/checkout", "POST", "/checkout", true],
    ["GET /products*", "GET", "/products/1", true],
    ["GET /products*", "POST", "/products/1", false],
    ["*", "", "", true],
    ["/a*b*c", "GET", "/a-b-b-c", true],
    ["/a*b*c", "GET", "/a-c-b", false],
    ["ab*ba", "GET", "aba", false],
    ["/x\\*", "GET", "/x*", true],
    ["/x\\*", "GET", "/xy", false],
  ];
  test.each(cases)("%s, %s %s", (pattern, method, name, expected) => {
    expect(endpointMatcher(pattern)({ method, name })).toBe(expected);
  });

  test("of a literal text matches that name alone", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), (name, other) => {
        const matches = endpointMatcher(literalPattern(name));
        expect(matches({ method: "GET", name })).toBe(true);
        expect(matches({ method: "", name: other })).toBe(other === name || ` ${other}` === name);
      }),
    );
  });
});

test.each([
  [123_456, "", null, "123456"],
  [412.345, "ms", 300, "412.3 ms"],
  [12_345.678, "/s", 1, "12346/s"],
  [0.123_456, "%", 5, "0.1235 %"],
  // The figure violates the limit, so it must not look like it.
  [300.04, "ms", 300, "300.04 ms"],
  [300.000_000_1, "ms", 300, "300.0000001 ms"],
  [300, "ms", 300, "300 ms"],
] as const)("%d %s beside the limit %s is %s", (figure, unit, limit, text) => {
  expect(formatFigure(figure, unit, limit)).toBe(text);
});
