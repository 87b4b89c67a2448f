/** The metrics that have a name; a percentile is `p` and a number, such as p99.9. */
export const NAMED_METRICS = [
  "avg",
  "min",
  "max",
  "errorRate",
  "failures",
  "requests",
  "rps",
  "users",
  "exceptions",
  "workerCpu",
] as const;
export type NamedMetric = (typeof NAMED_METRICS)[number];
export type Metric = NamedMetric | `p${number}`;

export const OPERATORS = ["<", "<=", ">", ">=", "=", "!="] as const;
export type Operator = (typeof OPERATORS)[number];

/** Seconds are whole; those of `between` count from the start of the load. */
export type Window =
  | { readonly kind: "run" }
  | { readonly kind: "steady" }
  | { readonly kind: "last"; readonly seconds: number }
  | { readonly kind: "between"; readonly fromSeconds: number; readonly toSeconds: number }
  /** Each full window of so many seconds, one beginning each second. */
  | { readonly kind: "every"; readonly seconds: number };

/** A figure in the metric's own unit (ms, percent, per second, or a count), or a multiple of the baseline's figure. */
export type Limit =
  | { readonly kind: "value"; readonly value: number }
  | { readonly kind: "baseline"; readonly factor: number };

/** What must hold: the metric of the endpoints in the window, compared with the limit. */
export type Expression = {
  readonly metric: Metric;
  /** A pattern of endpoints (`endpoint-pattern.ts`); absent: all of them together. */
  readonly endpoints?: string | undefined;
  readonly window: Window;
  readonly operator: Operator;
  readonly limit: Limit;
};

export type Unit = "ms" | "%" | "/s" | "";

const NAMED_UNITS: Readonly<Record<NamedMetric, Unit>> = {
  avg: "ms",
  min: "ms",
  max: "ms",
  errorRate: "%",
  failures: "",
  requests: "",
  rps: "/s",
  users: "",
  exceptions: "",
  workerCpu: "%",
};

/** These are of the whole run, so that no endpoint has them. */
const OF_THE_RUN: readonly Metric[] = ["users", "exceptions", "workerCpu"];

const isNamed = (metric: string): metric is NamedMetric =>
  NAMED_METRICS.some((one) => one === metric);

const PERCENTILE = /^p(\d{1,2}(?:\.\d{1,3})?)$/;

/** 0.95 for p95; `undefined` for what is no percentile between 0 and 100. */
export const shareOf = (metric: string): number | undefined => {
  const percent = Number(PERCENTILE.exec(metric)?.[1] ?? 0);
  return percent > 0 ? percent / 100 : undefined;
};

/** The metric of a name, in its one spelling: p95.0 is p95. `undefined`: there is no such metric. */
export const metricOf = (name: string): Metric | undefined => {
  if (isNamed(name)) return name;
  return shareOf(name) === undefined ? undefined : `p${Number(name.slice(1))}`;
};

export const unitOf = (metric: Metric): Unit => (isNamed(metric) ? NAMED_UNITS[metric] : "ms");
export const hasEndpoints = (metric: Metric): boolean => !OF_THE_RUN.includes(metric);

/** Of a window of `in every`. A longer stretch is one window, and has `over`. */
export const LONGEST_EVERY_SECONDS = 3600;
/** A year. */
export const LONGEST_SECONDS = 31_536_000;
const LARGEST_NUMBER = 1e9;
/** Numbers have at most six decimals, so that text and number are the same. */
export const withSixDecimals = (value: number): number => Math.round(value * 1e6) / 1e6;

/** How long the load must last at least for the window to exist, in seconds. */
export const secondsNeeded = (window: Window): number => {
  if (window.kind === "between") return window.toSeconds;
  return window.kind === "last" || window.kind === "every" ? window.seconds : 0;
};

export type ExpressionFault = {
  readonly path: readonly string[];
  readonly message: string;
};

const secondsFault = (seconds: number, longest: number): string | undefined =>
  Number.isInteger(seconds) && seconds >= 1 && seconds <= longest
    ? undefined
    : `must be whole seconds from 1 to ${longest}`;

const windowFault = (window: Window): ExpressionFault | undefined => {
  const at = (field: string, message: string | undefined) =>
    message === undefined ? undefined : { path: ["window", field], message };
  if (window.kind === "last") return at("seconds", secondsFault(window.seconds, LONGEST_SECONDS));
  if (window.kind === "every")
    return at("seconds", secondsFault(window.seconds, LONGEST_EVERY_SECONDS));
  if (window.kind !== "between") return undefined;
  const { fromSeconds, toSeconds } = window;
  if (!Number.isInteger(fromSeconds) || fromSeconds < 0)
    return at("fromSeconds", "must be whole seconds of at least 0");
  if (fromSeconds >= toSeconds) return at("toSeconds", "must be after the beginning of the window");
  return at("toSeconds", secondsFault(toSeconds, LONGEST_SECONDS));
};

export const limitFault = (metric: Metric, limit: Limit): string | undefined => {
  const number = limit.kind === "value" ? limit.value : limit.factor;
  const hasFew = Number.isFinite(number) && withSixDecimals(number) === number;
  if (!hasFew) return "must be a number with at most 6 decimals";
  if (number > LARGEST_NUMBER) return `must be at most ${LARGEST_NUMBER}`;
  if (limit.kind === "baseline") return number > 0 ? undefined : "must be above 0";
  if (number < 0) return "must be at least 0";
  // The CPU of a process is in percent of one core, and may be a little above 100.
  return metric === "errorRate" && number > 100 ? "must be at most 100 %" : undefined;
};

/** What types cannot say of an expression. The text's parser says the same with columns. */
export const faultOf = ({
  metric,
  endpoints,
  window,
  limit,
}: Expression): ExpressionFault | undefined => {
  if (endpoints !== undefined && !hasEndpoints(metric))
    return { path: ["endpoints"], message: `is of endpoints, and ${metric} is of the whole run` };
  const message = limitFault(metric, limit);
  if (message !== undefined)
    return { path: ["limit", limit.kind === "value" ? "value" : "factor"], message };
  return windowFault(window);
};
