import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One request as the script recorded it: `at` in Unix seconds, and its response time in ms if it had one. */
export type Written = {
  readonly at: number;
  readonly endpoint: string;
  readonly ms: number | undefined;
  readonly failed: boolean;
  /** The worker's file. */
  readonly worker: string;
};

export const readOracle = (folder: string): Written[] =>
  readdirSync(folder)
    .filter((name) => name.startsWith("oracle-"))
    .flatMap((worker) => {
      const lines = readFileSync(join(folder, worker), "utf8").split("\n");
      // An incomplete last line of a killed worker does not count.
      return lines.slice(0, -1).map((line) => {
        const [at, method, name, ms, failed] = line.split(",");
        return {
          at: Number(at),
          endpoint: `${method} ${name}`,
          ms: ms === "" ? undefined : Number(ms),
          failed: failed === "1",
          worker,
        };
      });
    });

export const countsOf = (
  written: readonly Written[],
): Record<string, { requests: number; failures: number }> => {
  const counts: Record<string, { requests: number; failures: number }> = {};
  for (const { endpoint, failed } of written) {
    const known = (counts[endpoint] ??= { requests: 0, failures: 0 });
    known.requests += 1;
    known.failures += failed ? 1 : 0;
  }
  return counts;
};

/** The stated bound of the relative error. */
const BOUND = 1 / 64;

/** The largest relative error of each percentile. */
export type Errors = Map<number, { checks: number; largest: number }>;

/**
 * Compares a percentile of Load Manager with the recorded values: the value at rank ⌈p·n⌉, within the bound. `unsure` is the
 * number of values so close to an edge of the window that they may be inside or outside.
 */
export const checkPercentile = (
  values: readonly number[],
  p: number,
  ours: number | null | undefined,
  unsure: number,
  errors: Errors,
): string | undefined => {
  const sorted = values.toSorted((a, b) => a - b);
  if (sorted.length === 0) return ours == null ? undefined : `p${p} of nothing is ${ours}`;
  if (ours == null) return `p${p} of ${sorted.length} values is missing`;
  const rank = Math.max(1, Math.ceil((p / 100) * sorted.length - 1e-9)) - 1;
  const at = (index: number): number =>
    sorted[Math.min(sorted.length - 1, Math.max(0, index))] ?? 0;
  const [low, high] = [at(rank - unsure), at(rank + unsure)];
  const error = ours < low ? (low - ours) / low : ours > high ? (ours - high) / high : 0;
  const known = errors.get(p) ?? { checks: 0, largest: 0 };
  errors.set(p, { checks: known.checks + 1, largest: Math.max(known.largest, error) });
  return error <= BOUND ? undefined : `p${p}: ${ours} is not within 1.6 % of ${low}–${high}`;
};
