import type { Capabilities, LoadTestRun } from "@load-manager/contract/run.ts";
import type { Observation } from "./observation.ts";

const NONE: Capabilities = { restartSafeStart: false, ownDeadline: false, finalReport: false };

/** The cluster's capabilities as observed now; where it does not answer, those stored with the start. */
export const capabilitiesOf = (
  run: Pick<LoadTestRun, "startSent">,
  seen: Observation,
): Capabilities =>
  "capabilities" in seen ? seen.capabilities : (run.startSent?.capabilities ?? NONE);
