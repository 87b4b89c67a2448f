import type { HealthCode } from "@load-manager/contract/model/reasons.ts";
import type { Health } from "@load-manager/contract/model/run.ts";
import type { Facts, HealthAction } from "./actions.ts";
import type { LoadState, Observed } from "./observation.ts";
import { POLICY } from "./policy.ts";

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

/** Locust does not answer, so nothing is proved. */
export const silentHealth = (seen: Observed<"unreachable">, facts: Facts): HealthAction =>
  because(
    "unknown",
    seen.hasNoAddress === true
      ? "cluster_unknown"
      : seen.refused
        ? "master_unreachable"
        : "master_unresponsive",
    seen.message,
    Math.round(facts.now - facts.unreachableForMs),
  );

/** Names the clocks that are off; `undefined` where none is. */
export const clocksOff = ({ clockOffsets = [] }: LoadState): string | undefined => {
  const who = clockOffsets.map(({ worker, seconds }) => `${worker} by ${seconds.toFixed(1)} s`);
  return who.length === 0 ? undefined : `Clocks are off: ${who.join(", ")}.`;
};

/** Progress is the proof that a run runs, so it comes first; then whatever spoils the metrics, the worst first. */
export const healthOf = (seen: Observed<"load">, facts: Facts): HealthAction => {
  const { load, workers, workersExpected } = seen;
  const wanted = load.targetUsers ?? load.users;
  if (load.phase === "running" && wanted > 0 && facts.stalledForMs >= POLICY.stalledMs) {
    const since = Math.round(facts.now - facts.stalledForMs);
    const seconds = Math.round(POLICY.stalledMs / 1000);
    const message = `Locust reports ${load.users} of ${wanted} users, but no request has completed for more than ${seconds} s.`;
    return because("unknown", "no_progress", message, since);
  }
  if (facts.metricsError !== undefined) {
    return because(
      "degraded",
      "metrics_unavailable",
      `The metrics cannot be stored or read: ${facts.metricsError}`,
    );
  }
  if (facts.hasSeveralReporters === true) {
    const message = "Several processes post the totals of the run; the largest count.";
    return because("degraded", "several_reporters", message);
  }
  if (load.workersLost.length > 0) {
    return because("degraded", "workers_lost", `Workers lost: ${load.workersLost.join(", ")}.`);
  }
  if (load.phase === "running" && workers < workersExpected) {
    const message = `${workers} of ${workersExpected} workers are connected.`;
    return because("degraded", "workers_missing", message);
  }
  if (load.phase === "running" && load.shapeError !== undefined) {
    const message = `The script's LoadTestShape has failed, and the ${load.users} users stay as they are: ${load.shapeError}`;
    return because("degraded", "shape_failed", message);
  }
  if (facts.belowTargetForMs >= POLICY.belowTargetMs) {
    const why =
      load.scriptError === undefined ? "" : ` The script raises: ${load.scriptError.message}`;
    const message = `${load.users} of ${wanted} users run, and no more come.${why}`;
    const since = Math.round(facts.now - facts.belowTargetForMs);
    return because("degraded", "users_below_target", message, since);
  }
  const [saturated] = load.saturated ?? [];
  if (saturated !== undefined) {
    const who = load.saturated?.map(({ id }) => id).join(", ");
    const message = `At the limit of their CPU core: ${who}. The latencies may be caused by Locust itself.`;
    return because("degraded", "generator_saturated", message, saturated.since);
  }
  const clocks = clocksOff(load);
  if (clocks !== undefined) return because("degraded", "clock_offset", clocks);
  return { do: "health", health: "ok" };
};
