import type { HealthCode } from "@load-manager/contract/reasons.ts";
import type { LoadTestRun } from "@load-manager/contract/run.ts";
import type { Hold } from "../../clusters/port.ts";
import { writeRun } from "../controller/apply.ts";
import type { RunDeps } from "../deps.ts";
import { recordEvent } from "./events.ts";
import type { HealthAction } from "../domain/health.ts";

/** What the plugin cannot tell, because it is silent or not there, is an event of its own. */
const TOLD_HERE = ["master_unresponsive", "master_unreachable", "no_progress"] as const;
const toldHere = (code: HealthCode | undefined) => TOLD_HERE.find((one) => one === code);

/** Writes the health where it has changed, and records that, once for each version of the run. */
export const applyHealth = async (
  deps: RunDeps,
  hold: Hold,
  { health, reason }: HealthAction,
): Promise<LoadTestRun | undefined> => {
  const before = hold.run.healthReason;
  const same = hold.run.health === health && before?.code === reason?.code;
  // Another silence has another message each second; another worker that is lost is worth writing.
  if (same && (health !== "degraded" || before?.message === reason?.message)) return hold.run;
  const run = await writeRun(deps, hold, { health, healthReason: reason ?? null });
  if (run === undefined || same) return run;
  const { events } = deps.stores;
  const data = {
    health,
    ...(reason === undefined ? {} : { code: reason.code }),
    ...(reason?.since === undefined ? {} : { since: new Date(reason.since).toISOString() }),
    ...(before === undefined ? {} : { was: before.code }),
  };
  const message = reason?.message ?? "All is well again.";
  const at = run.updatedAt;
  await recordEvent(events, run.id, {
    ...{ id: `health:${run.version}`, at, type: "health", message, data },
  });
  const type = toldHere(reason?.code);
  if (type !== undefined) {
    await recordEvent(events, run.id, { id: `${type}:${run.version}`, at, type, message, data });
  }
  return run;
};
