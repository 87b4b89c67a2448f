import type { HealthCode } from "@load-manager/contract/reasons.ts";
import type { Health } from "@load-manager/contract/run.ts";
import type { LoadState, Observation } from "../../clusters/port.ts";
import { POLICY } from "./policy.ts";
import type { Facts } from "./actions.ts";

/** What is known of how well a run runs; `since` in Unix ms. */
export type HealthAction = {
  readonly do: "health";
  readonly health: Health;
  readonly reason?: {
    readonly code: HealthCode;
    readonly message: string;
    readonly since?: number;
  };
};

type Seen<K extends Observation["kind"]> = Extract<Observation, { readonly kind: K }>;

const because = (
  health: Health,
  code: HealthCode,
  message: string,
  since?: number,
): HealthAction => ({
  do: "health",
  health,
  reason: { code, message, ...(since === undefined ? {} : { since }) },
});

/** Nobody answers: whatever Locust said last is no proof. */
export const silentHealth = (seen: Seen<"unreachable">, facts: Facts): HealthAction =>
  because(
    "unknown",
    seen.refused ? "master_unreachable" : "master_unresponsive",
    seen.message,
    Math.round(facts.now - facts.unreachableForMs),
  );

/** What a person reads of clocks; `undefined` where they are right. */
export const clocksOff = ({ clockOffsets = [] }: LoadState): string | undefined => {
  const who = clockOffsets.map(({ worker, seconds }) => `${worker} by ${seconds.toFixed(1)} s`);
  return who.length === 0 ? undefined : `Clocks are off: ${who.join(", ")}.`;
};

/** Evidence first: without progress nothing is proved; then what spoils the figures, the worst first. */
export const healthOf = (seen: Seen<"load">, facts: Facts): HealthAction => {
  const { load, workers, workersExpected } = seen;
  const wanted = load.targetUsers ?? load.users;
  if (load.phase === "running" && wanted > 0 && facts.stalledForMs >= POLICY.stalledMs) {
    const since = Math.round(facts.now - facts.stalledForMs);
    const seconds = Math.round(POLICY.stalledMs / 1000);
    const message = `Locust says that ${load.users} of ${wanted} users run, but for more than ${seconds} s no request has been completed.`;
    return because("unknown", "no_progress", message, since);
  }
  if (facts.metricsError !== undefined) {
    return because("degraded", "metrics_unavailable", `Stats: ${facts.metricsError}`);
  }
  if (load.workersLost.length > 0) {
    return because("degraded", "workers_lost", `Workers lost: ${load.workersLost.join(", ")}.`);
  }
  if (load.phase === "running" && workers < workersExpected) {
    const message = `${workers} of ${workersExpected} workers are there.`;
    return because("degraded", "workers_missing", message);
  }
  const [saturated] = load.saturated ?? [];
  if (saturated !== undefined) {
    const who = load.saturated?.map(({ id }) => id).join(", ");
    const message = `At the limit of their core: ${who}. Latencies may be Locust's own.`;
    return because("degraded", "generator_saturated", message, saturated.since);
  }
  const clocks = clocksOff(load);
  if (clocks !== undefined) return because("degraded", "clock_offset", clocks);
  return { do: "health", health: "ok" };
};
