import { z } from "zod";
import { PLUGIN_PROTOCOL, ScriptError, StopCause } from "./protocol.ts";

const ms = z.number().nullish();

/** `GET /load-manager/status`, as `locust-plugin/PROTOCOL.md` describes it. */
export const PluginStatus = z.object({
  protocol: z.literal(PLUGIN_PROTOCOL),
  pluginVersion: z.string(),
  locustVersion: z.string(),
  pythonVersion: z.string(),
  masterInstanceId: z.string(),
  /** The highest fence that it has accepted; an older plugin reports its last run's only. */
  fence: z.int().optional(),
  /** The master's wall clock. */
  wallMs: ms,
  state: z.string(),
  /** The settings of a run that it can apply to the script; an older plugin knows none. */
  settings: z.array(z.string()).default([]),
  userCount: z.int(),
  /** CPU in percent of a core, resident memory in bytes; an older plugin tells of the workers' CPU only. */
  master: z.object({ cpu: z.number().nullable(), memory: z.int().nullable() }).optional(),
  workers: z.array(
    z.object({
      id: z.string(),
      state: z.string(),
      users: z.int(),
      cpu: z.number().nullish(),
      memory: z.int().nullish(),
      /** By how much its clock is ahead of the master's, where it has told its time in a run. */
      clockAheadMs: z.int().nullish(),
    }),
  ),
  run: z
    .object({
      runId: z.string().nullable(),
      fence: z.int(),
      phase: z.enum(["starting", "running", "stopping", "ended"]),
      external: z.boolean(),
      targetUsers: z.int(),
      loadStartedAtMs: ms,
      testStartedAtMs: ms,
      stopIssuedAtMs: ms,
      endedAtMs: ms,
      /** On the run's clock, like its other times. */
      nowMs: ms,
      stopCause: StopCause.nullish(),
      requests: z.int(),
      cutOffUsers: z.int().nullish(),
      workersLost: z.array(z.string()),
      saturated: z
        .array(z.object({ id: z.string(), sinceMs: z.number(), cpu: z.number() }))
        .default([]),
      clockOffsets: z.array(z.object({ worker: z.string(), seconds: z.number() })).default([]),
      usersDied: z.int().default(0),
      /** Users that left by themselves (StopUser). */
      usersLeft: z.int().default(0),
      scriptError: ScriptError.nullish(),
      /** What the script's LoadTestShape has raised. */
      shapeError: z.string().nullish(),
      autoStop: z
        .object({
          requests: z.int(),
          failures: z.int(),
          failedPercent: z.number(),
          windowSeconds: z.int(),
          from: z.string(),
          to: z.string(),
        })
        .nullish(),
    })
    .nullable(),
});
export type PluginStatus = z.output<typeof PluginStatus>;
