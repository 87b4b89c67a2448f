import type { Capabilities, LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Observation } from "./observation.ts";

/** Of a Locust without the plugin. */
export const NO_CAPABILITIES: Capabilities = {
  restartSafeStart: false,
  ownDeadline: false,
  finalReport: false,
};

/** A run that the plugin registered has no stored start; the plugin ends it in time and reports its end. */
const REGISTERED: Capabilities = { restartSafeStart: false, ownDeadline: true, finalReport: true };

/** The cluster's capabilities as observed now; where it does not answer, those stored with the start or the registration. */
export const capabilitiesOf = (
  run: Pick<LoadTestRun, "startSent" | "engine">,
  seen: Observation,
): Capabilities => {
  if ("capabilities" in seen) return seen.capabilities;
  const registered = run.engine?.pluginVersion === undefined ? NO_CAPABILITIES : REGISTERED;
  return run.startSent?.capabilities ?? registered;
};
