import type { Scope } from "@load-manager/contract/model/primitives.ts";
import { RECORD } from "./batch.ts";
import { decodeSample, type EndpointDelta, endpointsOf, type Sample } from "./sample.ts";

/** Microseconds to milliseconds, with three decimals. */
const ms = (us: number): number => us / 1000;

type RecordTotals = Pick<Scope, "accountId" | "orgId" | "projectId"> & {
  readonly envId?: string;
} & Partial<
    Record<
      | "currentUsers"
      | "requests"
      | "failures"
      | "timedRequests"
      | "sumResponseMs"
      | "minResponseMs"
      | "maxResponseMs",
      number
    >
  >;

/**
 * The totals of one record over all its endpoints, which some stores write beside the record's bytes for other programs
 * to read; times in ms. A record without a sample has its scope only.
 */
export const denormalizedTotalsOf = (
  { accountId, orgId, projectId, envId }: Scope,
  decoded?: { readonly sample: Pick<Sample, "users">; readonly deltas: readonly EndpointDelta[] },
): RecordTotals => {
  const scope = { accountId, orgId, projectId, ...(envId === undefined ? {} : { envId }) };
  if (decoded === undefined) return scope;
  const { sample, deltas } = decoded;
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

/** The same for a stored record. Throws AppError validation where its bytes are malformed. */
export const denormalizedTotalsOfRecord = (
  scope: Scope,
  { type, body }: { readonly type: number; readonly body: Uint8Array },
): RecordTotals => {
  if (type !== RECORD.sample && type !== RECORD.snapshot) return denormalizedTotalsOf(scope);
  const sample = decodeSample(body);
  return denormalizedTotalsOf(scope, { sample, deltas: endpointsOf(sample) });
};
