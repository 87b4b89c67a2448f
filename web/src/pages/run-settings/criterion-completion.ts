import {
  hasEndpoints,
  type Metric,
  metricOf,
  OPERATORS,
  unitOf,
} from "@load-manager/contract/criteria/expression.ts";
import { literalPattern } from "@load-manager/contract/criteria/endpoint-pattern.ts";
import { formatEndpoints } from "@load-manager/contract/criteria/format.ts";

type Completion = {
  readonly label: string;
  readonly detail?: string;
  /** What is written, where it is more than the label. */
  readonly apply?: string;
};
export type Completions = {
  /** Where the part begins that a completion replaces; counted from 0. */
  readonly from: number;
  readonly options: readonly Completion[];
};

const METRICS: readonly (readonly [name: string, detail: string])[] = [
  ["p95", "95 % of the response times are below, ms"],
  ["p99", "ms; any other percentile too, such as p99.9"],
  ["p50", "the median, ms"],
  ["avg", "mean response time, ms"],
  ["max", "slowest response, ms"],
  ["min", "fastest response, ms"],
  ["errorRate", "failures in % of requests"],
  ["rps", "requests per second"],
  ["requests", "a count"],
  ["failures", "a count"],
  ["users", "the most of any second"],
  ["exceptions", "how often the script raised"],
  ["workerCpu", "busiest worker, % of one core"],
];

const METRIC_OPTIONS: readonly Completion[] = [
  ...METRICS.map(([label, detail]) => ({ label, detail, apply: `${label} ` })),
  ...["p95(", "errorRate("].map((label) => ({ label, detail: "of some endpoints" })),
];

const WINDOWS: readonly Completion[] = [
  { label: "over steady", detail: "as many users as targeted" },
  { label: "over last 60 s", detail: "the end of the load" },
  { label: "over 60 s .. 5 min", detail: "from the start of the load" },
  { label: "over run", detail: "the whole run, the default" },
  { label: "in every 30 s", detail: "each full window" },
];

/** A metric, and its endpoints where they are closed. */
const HEAD =
  /^\s*(?<metric>[A-Za-z]\w*(?:\.\d+)?)\s*(?<endpoints>\((?:"(?:\\.|[^"\\])*"|[^"()]*)\))?\s*/;
const COMPARISON = /^(?<operator><=|>=|!=|[<>=])\s*/;
const BASELINE = String.raw`baseline(?:\s*\*\s*\d+(?:\.\d+)?)?`;
const NUMBER = String.raw`\d+(?:\.\d+)?`;
const COUNT_LIMIT = new RegExp(`^(?:${NUMBER}|${BASELINE})\\s+`);
const LIMIT_WITH_UNIT = new RegExp(`^(?:${NUMBER}\\s*(?:ms|min|s|h|%)|${BASELINE})\\s+`);

const unitsOf = (metric: Metric): readonly Completion[] => {
  switch (unitOf(metric)) {
    case "ms":
      return [{ label: "ms" }, { label: "s" }, { label: "min" }];
    case "%":
      return [{ label: "%" }];
    default:
      return [];
  }
};

const limitsOf = (metric: Metric, rest: string, at: number): Completions | undefined => {
  const number = /^\d+(?:\.\d+)?/.exec(rest)?.[0];
  if (number === undefined)
    return /^[a-z]*$/.test(rest)
      ? {
          from: at,
          options: [
            { label: "baseline", detail: "the figure of the baseline" },
            { label: "baseline * 1.1", detail: "10 % more than it" },
          ],
        }
      : undefined;
  const unit = rest.slice(number.length);
  if (!/^\s*[a-z]*$/.test(unit)) return undefined;
  const spaces = unit.length - unit.trimStart().length;
  const space = spaces === 0 ? " " : "";
  return {
    from: at + number.length + spaces,
    options: unitsOf(metric).map(({ label }) => ({ label, apply: space + label })),
  };
};

/** What is left to say once the limit is there. */
const windowsIn = (rest: string, at: number): Completions | undefined =>
  /^[\w .]*$/.test(rest) ? { from: at, options: WINDOWS } : undefined;

const operators = (at: number): Completions => ({
  from: at,
  options: OPERATORS.map((label) => ({ label, apply: `${label} ` })),
});

/** `endpoints`: `METHOD name` of what the last run has measured. */
const endpointsIn = (
  before: string,
  endpoints: readonly string[],
  isClosed: boolean,
): Completions | undefined => {
  const open = /^\s*([A-Za-z]\w*(?:\.\d+)?)\s*\(\s*(?:"(?:\\.|[^"\\])*|[^"()]*)$/.exec(before);
  const metric = metricOf(open?.[1] ?? "");
  if (metric === undefined || !hasEndpoints(metric)) return undefined;
  const from = before.indexOf("(") + 1;
  return {
    from: from + (before.slice(from).length - before.slice(from).trimStart().length),
    options: [
      ...endpoints.map((label) => {
        const written = formatEndpoints(literalPattern(label)).slice(1);
        return { label, apply: isClosed ? written.slice(0, -1) : `${written} ` };
      }),
      { label: "all", detail: "all endpoints together", apply: isClosed ? "all" : "all) " },
    ],
  };
};

/**
 * What can stand at `at`, a place in the text of an expression; `undefined` where nothing is proposed. Nothing is proposed by
 * itself after what can be the end, so that Enter is no completion there; `isAsked`: somebody asked for it.
 */
export const completionsAt = (
  text: string,
  at: number,
  { endpoints, isAsked }: { readonly endpoints: readonly string[]; readonly isAsked: boolean },
): Completions | undefined => {
  const before = text.slice(0, at);
  const word = /^\s*[\w.]*$/.exec(before);
  if (word !== null) {
    const from = before.length - before.trimStart().length;
    return { from, options: METRIC_OPTIONS };
  }
  const inside = endpointsIn(before, endpoints, text.slice(at).trimStart().startsWith(")"));
  if (inside !== undefined) return inside;
  const head = HEAD.exec(before);
  const metric = metricOf(head?.groups?.["metric"] ?? "");
  if (head === null || metric === undefined) return undefined;
  const rest = before.slice(head[0].length);
  if (rest === "") return operators(at);
  const comparison = COMPARISON.exec(rest);
  if (comparison === null) return undefined;
  const limit = rest.slice(comparison[0].length);
  const from = head[0].length + comparison[0].length;
  const isCount = unitsOf(metric).length === 0;
  const said = (isCount ? COUNT_LIMIT : LIMIT_WITH_UNIT).exec(limit);
  if (said === null) return limitsOf(metric, limit, from);
  const window = limit.slice(said[0].length);
  return window === "" && !isAsked ? undefined : windowsIn(window, from + said[0].length);
};
