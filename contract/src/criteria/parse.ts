import { isEndpointPattern } from "./endpoint-pattern.ts";
import {
  type Expression,
  faultOf,
  hasEndpoints,
  type Limit,
  limitFault,
  LONGEST_EVERY_SECONDS,
  LONGEST_SECONDS,
  type Metric,
  metricOf,
  NAMED_METRICS,
  type Operator,
  OPERATORS,
  unitOf,
  type Window,
  withSixDecimals,
} from "./expression.ts";
import { formatSeconds } from "./format.ts";
import { nearestOf } from "./nearest.ts";
import {
  createTokens,
  failAt,
  ParseError,
  type SyntaxFault,
  type Token,
  type Tokens,
} from "./tokens.ts";

export type Parsed =
  | {
      readonly ok: true;
      readonly expression: Expression;
      /** Whether the text names its window; else it is the whole run. */
      readonly hasWindow: boolean;
    }
  | { readonly ok: false; readonly fault: SyntaxFault };

export const LONGEST_TEXT = 1000;

/** What other tools call a metric. */
const OTHER_NAMES: Readonly<Record<string, Metric>> = {
  average: "avg",
  cpu: "workerCpu",
  error: "errorRate",
  errors: "failures",
  hits: "requests",
  latency: "avg",
  maximum: "max",
  mean: "avg",
  med: "p50",
  median: "p50",
  minimum: "min",
  response_time_ms: "avg",
  throughput: "rps",
  vus: "users",
};

const COMMON = [...NAMED_METRICS, "p50", "p90", "p95", "p99"];

/** The metric that was meant; a percentile of 0 or 100 is the minimum or maximum. */
const proposedMetric = (name: string): string | undefined => {
  const percent = /^p_?(\d+(?:\.\d+)?)$/i.exec(name)?.[1];
  if (percent !== undefined) {
    if (Number(percent) === 0) return "min";
    return Number(percent) === 100 ? "max" : metricOf(`p${percent}`);
  }
  return OTHER_NAMES[name.toLowerCase()] ?? nearestOf(name, COMMON);
};

const readMetric = (tokens: Tokens): Metric => {
  const token = tokens.next();
  const metric = metricOf(token.text);
  if (metric !== undefined) return metric;
  if (token.kind === "end") return failAt(token, "a metric is missing, such as p95");
  if (/^p$/i.test(token.text) && tokens.take("(") !== undefined) {
    const { content } = tokens.bracketed();
    const text = `${token.text}(${content})`;
    return failAt(
      { ...token, text },
      `${text} is written without brackets`,
      metricOf(`p${content}`),
    );
  }
  const known = `known are ${NAMED_METRICS.join(", ")} and percentiles such as p95`;
  return failAt(token, `the metric ${token.text} is unknown; ${known}`, proposedMetric(token.text));
};

const readEndpoints = (tokens: Tokens, metric: Metric): string | undefined => {
  if (tokens.take("(") === undefined) return undefined;
  const { content, isQuoted, token } = tokens.bracketed();
  if (content === "all" && !isQuoted) return undefined;
  if (!hasEndpoints(metric))
    return failAt(token, `${metric} is of the whole run; it has no endpoint`, "all");
  if (content === "") return failAt(token, "an endpoint is missing, such as POST /checkout", "all");
  if (!isQuoted && /["(\\]/.test(content))
    return failAt(
      token,
      "an endpoint with brackets, quotes or \\ stands in quotes",
      `"${content.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`,
    );
  if (!isEndpointPattern(content))
    return failAt(
      token,
      'after \\ only *, " or another \\ may stand',
      `"${content.replaceAll("\\", "\\\\")}"`,
    );
  return content;
};

const OPERATOR_SPELLINGS: Readonly<Record<string, Operator>> = {
  "==": "=",
  "===": "=",
  "!==": "!=",
  "<>": "!=",
  "≤": "<=",
  "≥": ">=",
  "=<": "<=",
  "=>": ">=",
  "<<": "<",
  ">>": ">",
};

const readOperator = (tokens: Tokens): Operator => {
  const token = tokens.next();
  const operator = OPERATORS.find((one) => one === token.text);
  if (operator !== undefined) return operator;
  const expected = `a comparison is expected here: ${OPERATORS.join(", ")}`;
  return failAt(token, expected, OPERATOR_SPELLINGS[token.text]);
};

const readNumber = (tokens: Tokens, what: string): Token & { readonly value: number } => {
  const token = tokens.next();
  if (token.kind !== "number") return failAt(token, `${what} is expected here`);
  return { ...token, value: Number(token.text) };
};

/** In ms. */
const TIME_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 };
const TIME_SPELLINGS: Readonly<Record<string, string>> = {
  m: "min",
  mins: "min",
  minute: "min",
  minutes: "min",
  msec: "ms",
  milliseconds: "ms",
  sec: "s",
  secs: "s",
  second: "s",
  seconds: "s",
  hour: "h",
  hours: "h",
};

const UNITS = Object.keys(TIME_UNITS).join(", ");

/** Milliseconds of a number and its unit. `usual`: the unit that is proposed where there is none. */
const readTime = (tokens: Tokens, number: Token & { readonly value: number }, usual: string) => {
  const unit = tokens.peek();
  const ms = TIME_UNITS[unit.text];
  if (ms !== undefined) {
    tokens.next();
    return withSixDecimals(number.value * ms);
  }
  const isWord = unit.kind === "word" && !isKeyword(unit.text);
  if (!isWord && unit.text !== "%")
    return failAt(number, `a unit is missing: ${UNITS}`, `${number.text} ${usual}`);
  const proposal =
    TIME_SPELLINGS[unit.text.toLowerCase()] ?? nearestOf(unit.text, Object.keys(TIME_UNITS));
  return failAt(unit, `${unit.text} is no unit of time; known are ${UNITS}`, proposal ?? usual);
};

const KEYWORDS = ["over", "in"];
const isKeyword = (text: string): boolean => KEYWORDS.includes(text.toLowerCase());

const readSeconds = (tokens: Tokens, longest: number, least = 1): number => {
  const number = readNumber(tokens, "a time, such as 30 s,");
  const ms = readTime(tokens, number, "s");
  const seconds = ms / 1000;
  if (Number.isInteger(seconds) && seconds >= least && seconds <= longest) return seconds;
  const message = `a window has whole seconds from ${least} to ${formatSeconds(longest)}`;
  return failAt(number, message);
};

const WINDOWS = ["run", "steady", "last"];

const readOver = (tokens: Tokens): Window => {
  const token = tokens.peek();
  if (token.kind === "number") {
    const fromSeconds = readSeconds(tokens, LONGEST_SECONDS, 0);
    const dots = tokens.next();
    if (dots.text !== "..")
      return failAt(dots, "the end of the window is expected here: .. and a time");
    const end = tokens.peek();
    const toSeconds = readSeconds(tokens, LONGEST_SECONDS);
    if (toSeconds <= fromSeconds) return failAt(end, "the window ends before it begins");
    return { kind: "between", fromSeconds, toSeconds };
  }
  tokens.next();
  if (token.text === "run" || token.text === "steady") return { kind: token.text };
  if (token.text === "last") return { kind: "last", seconds: readSeconds(tokens, LONGEST_SECONDS) };
  const message = "a window is expected here: run, steady, last 60 s, or 60 s .. 5 min";
  return failAt(token, message, nearestOf(token.text, WINDOWS));
};

/** `undefined` where no window begins here. */
const readWindow = (tokens: Tokens): Window | undefined => {
  if (tokens.take("over") !== undefined) return readOver(tokens);
  if (tokens.take("in") === undefined) return undefined;
  const every = tokens.next();
  if (every.text !== "every") return failAt(every, "every is expected here", "every");
  return { kind: "every", seconds: readSeconds(tokens, LONGEST_EVERY_SECONDS) };
};

const readBaseline = (tokens: Tokens): Limit => {
  if (tokens.take("*") === undefined) return { kind: "baseline", factor: 1 };
  const { value } = readNumber(tokens, "a number, such as 1.1,");
  return { kind: "baseline", factor: value };
};

const readValue = (tokens: Tokens, metric: Metric): Limit => {
  const number = readNumber(tokens, "a number or baseline");
  const unit = unitOf(metric);
  if (unit === "ms") return { kind: "value", value: readTime(tokens, number, "ms") };
  const { value } = number;
  if (unit === "%") {
    if (tokens.take("%") !== undefined) return { kind: "value", value };
    const proposal = `${number.text} %`;
    return failAt(number, `${metric} is a share; the unit % is missing`, proposal);
  }
  const next = tokens.peek();
  const isUnit = next.text === "%" || (next.kind === "word" && !isKeyword(next.text));
  if (isUnit) return failAt(next, `${metric} has no unit`, "");
  return { kind: "value", value };
};

const readLimit = (tokens: Tokens, metric: Metric): Limit => {
  const token = tokens.peek();
  if (token.kind === "word" && token.text !== "baseline")
    return failAt(
      token,
      "a number or baseline is expected here",
      nearestOf(token.text, ["baseline"]),
    );
  const isBaseline = tokens.take("baseline") !== undefined;
  const limit = isBaseline ? readBaseline(tokens) : readValue(tokens, metric);
  const message = limitFault(metric, limit);
  return message === undefined ? limit : failAt(token, `the limit ${message}`);
};

const readExpression = (tokens: Tokens) => {
  const metric = readMetric(tokens);
  const endpoints = readEndpoints(tokens, metric);
  const before = readWindow(tokens);
  const operator = readOperator(tokens);
  const limit = readLimit(tokens, metric);
  const named = before ?? readWindow(tokens);
  const window: Window = named ?? { kind: "run" };
  const rest = tokens.peek();
  if (rest.kind !== "end") {
    const isSecond = before !== undefined && isKeyword(rest.text);
    const near = rest.kind === "word" ? nearestOf(rest.text, KEYWORDS) : undefined;
    return failAt(rest, isSecond ? "there is a window already" : "nothing may follow here", near);
  }
  const ofEndpoints = endpoints === undefined ? {} : { endpoints };
  const expression: Expression = { metric, ...ofEndpoints, window, operator, limit };
  return { expression, hasWindow: named !== undefined };
};

/** Reads the text of an expression; the answer names the first fault. */
export const parseExpression = (text: string): Parsed => {
  if (text.length > LONGEST_TEXT) {
    const message = `an expression has at most ${LONGEST_TEXT} characters`;
    return { ok: false, fault: { column: 1, length: text.length, message } };
  }
  try {
    const { expression, hasWindow } = readExpression(createTokens(text));
    const fault = faultOf(expression);
    if (fault === undefined) return { ok: true, expression, hasWindow };
    return { ok: false, fault: { column: 1, length: text.length, message: fault.message } };
  } catch (error) {
    if (error instanceof ParseError) return { ok: false, fault: error.fault };
    throw error;
  }
};

/** What is wrong and what could have been meant, as one sentence without a full stop. */
export const faultText = ({ message, proposal }: SyntaxFault): string => {
  const near = proposal === undefined || proposal === "" ? "" : ` (did you mean "${proposal}"?)`;
  return `${message}${near}`;
};

/** The same with its column. */
export const faultMessage = (fault: SyntaxFault): string =>
  `column ${fault.column}: ${faultText(fault)}`;
