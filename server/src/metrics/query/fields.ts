import { type DataPoint, PERCENTILE } from "@load-manager/contract/api/metrics.ts";
import { didYouMean } from "../../lib/did-you-mean.ts";
import { invalid } from "../../lib/errors.ts";
import { percentile } from "../codec/histogram.ts";
import { errorRate, type Responses, type View } from "../codec/stats.ts";

/** What a field of a point is read from. */
type PointSource = {
  readonly view: View;
  readonly responses: Responses;
  readonly users: number | null;
  readonly targetUsers: number | null;
  /** Requests and failures in whole seconds of the load time, and how many of these the point has. */
  readonly rated: { readonly requests: number; readonly failures: number };
  readonly wholeSeconds: number;
};

export type PointField = {
  readonly name: string;
  /** Whether it is read from a histogram where all responses count. */
  readonly isPercentile: boolean;
  readonly read: (source: PointSource) => number | null;
};

type StandardField = Exclude<keyof DataPoint, "timestamp">;

const perSecond = ({ wholeSeconds }: PointSource, count: number): number | null =>
  wholeSeconds === 0 ? null : count / wholeSeconds;

const percentileField = (name: string, p: number): PointField => ({
  name,
  isPercentile: true,
  read: ({ view }) => percentile(view.histogram, p, view.bounds),
});

const field = (name: StandardField, read: PointField["read"]): PointField => ({
  name,
  isPercentile: false,
  read,
});

const STANDARD: Readonly<Record<StandardField, PointField>> = {
  totalRps: field("totalRps", (source) => {
    const { requests, failures } = source.rated;
    const counts = { all: requests, ok: requests - failures, failed: failures };
    return perSecond(source, counts[source.responses]);
  }),
  currentUsers: field("currentUsers", ({ users }) => users),
  targetUsers: field("targetUsers", ({ targetUsers }) => targetUsers),
  errorRate: field("errorRate", ({ view }) => errorRate(view.requests, view.failures)),
  errorsPerSec: field("errorsPerSec", (source) =>
    perSecond(source, source.responses === "ok" ? 0 : source.rated.failures),
  ),
  avgResponseMs: field("avgResponseMs", ({ view }) => view.avgMs),
  p50ResponseMs: percentileField("p50ResponseMs", 50),
  p95ResponseMs: percentileField("p95ResponseMs", 95),
  p99ResponseMs: percentileField("p99ResponseMs", 99),
  minResponseMs: field("minResponseMs", ({ view }) => view.minMs),
  maxResponseMs: field("maxResponseMs", ({ view }) => view.maxMs),
};

/** Every field of a point, in the order of the answer. */
export const STANDARD_FIELDS: readonly PointField[] = Object.values(STANDARD);

const SUMMARY = "summary";
const PERCENTILE_FIELD = new RegExp(`^p(${PERCENTILE})ResponseMs$`);

const fieldOf = (name: string): PointField => {
  const standard = STANDARD_FIELDS.find((one) => one.name === name);
  if (standard !== undefined) return standard;
  const p = Number(PERCENTILE_FIELD.exec(name)?.[1]);
  if (p > 0) return percentileField(name, p);
  const names = [...STANDARD_FIELDS.map((one) => one.name), SUMMARY];
  throw invalid(
    "fields",
    `${JSON.stringify(name)} is no field of a point${didYouMean(name, names)}: use ${names.join(", ")}, or p<N>ResponseMs with N above 0 and below 100`,
  );
};

/** The fields of a query, and whether it wants the summary. Throws AppError validation for an unknown name. */
export const fieldsOf = (
  names: readonly string[] | undefined,
): { readonly fields: readonly PointField[]; readonly summary: boolean } => {
  if (names === undefined) return { fields: STANDARD_FIELDS, summary: true };
  const wanted = [...new Set(names)].filter((name) => name !== SUMMARY);
  return { fields: wanted.map(fieldOf), summary: names.includes(SUMMARY) };
};
