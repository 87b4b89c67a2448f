import type { HealthCode } from "@load-manager/contract/model/reasons.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { RunEventStore } from "../../stores/model/event-store.ts";
import type { HealthAction } from "../domain/actions.ts";
import { recordEvent } from "./events.ts";
import type { RunWriter } from "./run-writer.ts";

/** The plugin cannot report these, because it is silent or absent, so the server records an event of each. */
const RECORDED_BY_SERVER = ["master_unresponsive", "master_unreachable", "no_progress"] as const;

const serverEventOf = (code: HealthCode | undefined) =>
  RECORDED_BY_SERVER.find((type) => type === code);

/** Writes the health where it has changed and records the change once. `undefined` where somebody else wrote first. */
export const writeHealth = async (
  { writer, events }: { readonly writer: RunWriter; readonly events: RunEventStore },
  before: LoadTestRun,
  fence: number,
  { health, reason }: HealthAction,
  /** Further data of the event. */
  more: Readonly<Record<string, unknown>> = {},
): Promise<LoadTestRun | undefined> => {
  const same = before.health === health && before.healthReason?.code === reason?.code;
  // The message of a silence changes every second; that of a degraded run names, say, one more lost worker.
  const sameMessage = before.healthReason?.message === reason?.message;
  if (same && (health !== "degraded" || sameMessage)) return before;
  const run = await writer.write(before, { health, healthReason: reason ?? null }, fence);
  if (run === undefined || same) return run;
  const at = run.updatedAt;
  const message = reason?.message ?? "The run is healthy again.";
  const data = {
    health,
    ...(reason === undefined ? {} : { code: reason.code }),
    ...(reason?.since === undefined ? {} : { since: new Date(reason.since).toISOString() }),
    ...(before.healthReason === undefined ? {} : { was: before.healthReason.code }),
    ...more,
  };
  const id = `health:${run.version}`;
  await recordEvent(events, run.id, { id, at, type: "health", message, data });
  const type = serverEventOf(reason?.code);
  if (type !== undefined) {
    await recordEvent(events, run.id, { id: `${type}:${run.version}`, at, type, message, data });
  }
  return run;
};
