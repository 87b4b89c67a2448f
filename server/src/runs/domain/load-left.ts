import type { ReasonCode } from "@load-manager/contract/model/reasons.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { POLICY } from "./policy.ts";
import { isMasterGone } from "./states.ts";

/** Reasons of failed runs whose load was seen to end: `ended` alone gives them to a run that has an end cause. */
const FAILED_AFTER_ITS_END: readonly string[] = [
  "no_requests",
  "script_failed_on_start",
  "shape_failed",
  "spawn_failed",
  "no_workers",
] satisfies ReasonCode[];

/** Whether the load of an ended run may go on: a start was sent, the run failed, and nobody saw its load end. */
export const mayHaveLoadLeft = (run: LoadTestRun): boolean =>
  run.status === "Failed" &&
  run.trigger !== "external" &&
  run.startSent !== undefined &&
  run.loadEndSeenAt === undefined &&
  !(run.endCause !== undefined && FAILED_AFTER_ITS_END.includes(run.statusReason?.code ?? ""));

/** Load may be left, and no plugin is there to end it. */
export const mustEndLoad = (run: LoadTestRun): boolean =>
  mayHaveLoadLeft(run) && run.startSent?.capabilities.ownDeadline !== true;

/** From 2.19 on Locust ends a worker whose master is silent. `undefined`: the version is not known. */
const endsLostWorkers = (version: string | undefined): boolean | undefined => {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version ?? "") ?? [];
  if (major === undefined) return undefined;
  return Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 19);
};

/**
 * What to say where the workers of a lost master may go on: nobody can reach them. `undefined` where that is not so.
 * `until`: when they have ended by themselves, in Unix ms, where Locust's version says so.
 */
export const workersLeft = (
  run: LoadTestRun,
): { readonly message: string; readonly until?: number } | undefined => {
  if (!mustEndLoad(run) || !isMasterGone(run)) return undefined;
  const version = run.engine?.locustVersion;
  const until = (run.finishedAt ?? run.updatedAt) + POLICY.lostWorkersMs;
  const at = new Date(until).toISOString();
  const start = "The workers of the lost master may still make load";
  switch (endsLostWorkers(version)) {
    case true:
      return {
        message: `${start}: those of Locust ${version} end by themselves within a minute or so, by ${at}.`,
        until,
      };
    case false:
      return { message: `${start}: those of Locust ${version} go on until somebody ends them.` };
    case undefined:
      return {
        message: `${start}: from Locust 2.19 on they end by themselves within a minute or so, by ${at}; older ones go on until somebody ends them.`,
      };
  }
};
