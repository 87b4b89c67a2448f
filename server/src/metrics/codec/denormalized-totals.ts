import type { Scope } from "@load-manager/contract/primitives.ts";
import type { DenormalizedTotals, MetricRecord } from "../../stores/ports.ts";
import { RECORD } from "./batch.ts";
import { decodeSample, type EndpointDelta, endpointsOf, type Sample } from "./sample.ts";

/** Microseconds to ms, to the third decimal. */
const ms = (us: number): number => us / 1000;

/** The totals of one record over all its endpoints. */
export const denormalizedTotalsOf = (
  { accountId, orgId, projectId, envId }: Scope,
  told?: { readonly sample: Pick<Sample, "users">; readonly deltas: readonly EndpointDelta[] },
): DenormalizedTotals => {
  const scope = { accountId, orgId, projectId, ...(envId === undefined ? {} : { envId }) };
  if (told === undefined) return scope;
  const { sample, deltas } = told;
  const sum = (value: (delta: EndpointDelta) => number): number =>
    deltas.reduce((total, delta) => total + value(delta), 0);
  const timed = deltas.filter(({ requests, noTime }) => requests > noTime);
  return {
    ...scope,
    ...(sample.users === undefined ? {} : { currentUsers: sample.users.real }),
    requests: sum(({ requests }) => requests),
    failures: sum(({ failures }) => failures),
    timedRequests: sum(({ requests, noTime }) => requests - noTime),
    sumResponseMs: ms(sum(({ sumUs }) => sumUs)),
    ...(timed.length === 0
      ? {}
      : {
          minResponseMs: ms(Math.min(...timed.map(({ minUs }) => minUs))),
          maxResponseMs: ms(Math.max(...timed.map(({ maxUs }) => maxUs))),
        }),
  };
};

/** The same of a record that is stored. */
export const denormalizedTotalsOfRecord = (
  scope: Scope,
  { type, body }: MetricRecord,
): DenormalizedTotals => {
  if (type !== RECORD.sample && type !== RECORD.snapshot) return denormalizedTotalsOf(scope);
  const sample = decodeSample(body);
  return denormalizedTotalsOf(scope, { sample, deltas: endpointsOf(sample) });
};
