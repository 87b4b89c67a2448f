import type { EndpointRow } from "@load-manager/contract/api/metrics.ts";
import type { RollupQuery } from "../../stores/model/metric-store.ts";
import { SERIES } from "../codec/rollup.ts";
import { endpointId } from "../codec/sample.ts";

/** Splits a query's `METHOD name` at the first space. An endpoint without a method begins with the space. */
export const parseEndpoint = (endpoint: string) => {
  const space = endpoint.indexOf(" ");
  const method = space < 0 ? "" : endpoint.slice(0, space);
  const name = endpoint.slice(space + 1);
  return { endpoint, method, name, id: endpointId(method, name) };
};

/** Compares by name, then method, in code units: the same order on every machine. */
export const byName = (
  a: Pick<EndpointRow, "method" | "name">,
  b: Pick<EndpointRow, "method" | "name">,
): number => {
  const [one, other] = [`${a.name} ${a.method}`, `${b.name} ${b.method}`];
  return one < other ? -1 : one > other ? 1 : 0;
};

/** The series to read, and the key under which each is added up: an endpoint's id, or SERIES.all for their sum. */
export type Selection = {
  readonly series: RollupQuery["series"];
  readonly keyOf: (series: string) => string | undefined;
};

/** Reads users and coverage only. */
export const NO_ENDPOINTS: Selection = { series: [], keyOf: () => undefined };

/** All endpoints, or those named; added up, or each by itself. */
export const selectEndpoints = (
  grouping: "sum" | "each",
  endpoints?: readonly string[],
): Selection => {
  if (endpoints === undefined) {
    return grouping === "sum"
      ? { series: [SERIES.all], keyOf: () => SERIES.all }
      : { series: "endpoints", keyOf: (series) => (series === SERIES.all ? undefined : series) };
  }
  const ids = new Set(endpoints.map((endpoint) => parseEndpoint(endpoint).id));
  const keyOf = (id: string): string | undefined => {
    if (!ids.has(id)) return undefined;
    return grouping === "sum" ? SERIES.all : id;
  };
  return { series: [...ids], keyOf };
};
