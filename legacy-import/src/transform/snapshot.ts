import type { EndpointSnapshot, MetricSnapshot } from "@load-manager/contract/model/stats.ts";
import { isExact, LIMIT } from "@load-manager/server/metrics/codec/totals.ts";
import { repairedEndpoint } from "@load-manager/server/metrics/codec/swapped-endpoint.ts";
import type { z } from "zod";
import { Fields } from "../read/fields.ts";
import { endpointStats, totalStats } from "./known-faults.ts";
import { isPlain } from "../read/json.ts";

type Endpoint = z.output<typeof EndpointSnapshot> & {
  readonly numRequests: number;
  readonly numFailures: number;
};

/** The totals of a run as an older program wrote them. The time is `undefined` where it was not plausible. */
export type OldSnapshot = Omit<MetricSnapshot, "timestamp" | "requestStats"> & {
  /** LIMIT means unknown, here and in the endpoints. */
  readonly totalRequests: number;
  readonly totalFailures: number;
  readonly requestStats: Readonly<Record<string, Endpoint>>;
  readonly timestamp: number | undefined;
  readonly minResponseMs: number | null;
  readonly maxResponseMs: number | null;
};

const count = (fields: Fields, ...names: readonly string[]): number | undefined => {
  const value = fields.take(...names);
  if (value === undefined) return undefined;
  const whole = new Fields({ value }).whole("value");
  if (whole !== undefined && whole >= 0) return whole;
  fields.keep(names[0] ?? "", value);
  fields.repair("impossible_values", names[0] ?? "");
  if ((new Fields({ value }).number("value") ?? 0) >= LIMIT) return LIMIT;
  return undefined;
};

const rate = (fields: Fields, most: number, ...names: readonly string[]): number | null => {
  const value = fields.number(...names);
  if (value === undefined) return null;
  if (value >= 0 && value <= most) return value;
  fields.keep(names[0] ?? "", value);
  fields.repair("impossible_values", names[0] ?? "");
  return null;
};

/** `key` is the endpoint's key in the map, such as `GET /x`. `undefined` where the part has no name or no count. */
const endpointOf = (key: string, fields: Fields): Endpoint | undefined => {
  const [verb = "", ...path] = key.split(" ");
  const method = fields.text("method") ?? (path.length === 0 ? "" : verb);
  const name = fields.text("name") ?? (path.length === 0 ? key : path.join(" "));
  const requests = count(fields, "numRequests", "requests");
  if (requests === undefined || name === "") return undefined;
  const repaired = repairedEndpoint(method, name);
  if (repaired.method !== method || repaired.name !== name) fields.repaired.add("swapped_method");
  const failures = count(fields, "numFailures", "failures") ?? 0;
  return {
    ...repaired,
    numRequests: requests,
    numFailures: isExact(failures) ? Math.min(requests, failures) : failures,
    ...endpointStats(fields, requests),
    requestsPerSec: rate(fields, Infinity, "requestsPerSec", "currentRps"),
  };
};

const isAggregate = ({ method, name }: Endpoint): boolean =>
  /^(Aggregated|Total)$/.test(name) && (method === "" || method === "None");

/** Of two endpoints with the same name the one with more requests is the later one. */
const endpointsOf = (fields: Fields): Record<string, Endpoint> => {
  const given = fields.take("requestStats");
  if (given === undefined) return {};
  const entries: [string, unknown][] = Array.isArray(given)
    ? given.map((one: unknown, index) => [endpointKey(one) ?? String(index), one])
    : isPlain(given)
      ? Object.entries(given)
      : [];
  const found = new Map<string, Endpoint>();
  const left: [string, unknown][] = entries.length === 0 && !isPlain(given) ? [["", given]] : [];
  for (const [key, value] of entries) {
    const part = isPlain(value) ? new Fields(value, fields.repaired) : undefined;
    const endpoint = part === undefined ? undefined : endpointOf(key, part);
    if (part === undefined || endpoint === undefined) {
      left.push([key, value]);
      continue;
    }
    if (isAggregate(endpoint)) {
      fields.repaired.add("aggregated_endpoint");
      left.push([key, value]);
      continue;
    }
    const own = `${endpoint.method} ${endpoint.name}`;
    const known = found.get(own);
    if (known !== undefined) {
      const later = endpoint.numRequests > known.numRequests;
      left.push([key, later ? known : value]);
      if (!later) continue;
    }
    found.set(own, endpoint);
    const rest: Record<string, unknown> = { ...part.rest() };
    // A key other than the method and name is kept too.
    if (key !== own && key !== endpoint.name && !Array.isArray(given)) rest["key"] ??= key;
    if (Object.keys(rest).length > 0) left.push([key, rest]);
  }
  if (left.length > 0) {
    const kept = new Fields({});
    for (const [key, value] of left) kept.keep(key, value);
    fields.keep("requestStats", kept.rest());
  }
  return Object.fromEntries(found);
};

const endpointKey = (one: unknown): string | undefined => {
  if (!isPlain(one)) return undefined;
  const key = new Fields(one).text("endpoint");
  return key === "" ? undefined : key;
};

/** Takes a snapshot's fields. `undefined` where it has neither totals nor an endpoint. */
export const takeSnapshot = (fields: Fields): OldSnapshot | undefined => {
  const requestStats = endpointsOf(fields);
  const endpoints = Object.values(requestStats);
  const sum = (value: (one: Endpoint) => number): number =>
    endpoints.reduce((total, one) => total + value(one), 0);
  const written = count(fields, "totalRequests");
  if (written === undefined && endpoints.length === 0) return undefined;
  const totalRequests = Math.min(written ?? sum((one) => one.numRequests), LIMIT);
  const failures = count(fields, "totalFailures") ?? sum((one) => one.numFailures);
  const totalFailures = isExact(failures) ? Math.min(totalRequests, failures) : LIMIT;
  return {
    timestamp: fields.time("timestamp"),
    totalRps: rate(fields, Infinity, "totalRps"),
    totalRequests,
    totalFailures,
    errorRate: rate(fields, 100, "errorRate"),
    ...totalStats(fields, totalRequests),
    currentUsers: count(fields, "currentUsers", "userCount") ?? 0,
    requestStats,
  };
};
