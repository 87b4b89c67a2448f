import { z } from "zod";
import { Id } from "../model/primitives.ts";

/** The version of `locust-plugin/PROTOCOL.md` that the server and the plugin of its version have. */
export const PLUGIN_PROTOCOL = 3;

/** Why the load ended, as the plugin reports it. */
export const StopCause = z.enum([
  "deadline",
  "manager",
  "locust_ui",
  "shape_ended",
  "shape_failed",
  "no_workers",
  "auto_stop",
  "script",
  "users_finished",
  "master_ended",
]);
export type StopCause = z.output<typeof StopCause>;

/**
 * The script's exception that explains best why no request completes. `spawning`: it kept users from being made;
 * `endsProcess`: it has ended a worker.
 */
export const ScriptError = z.object({
  message: z.string(),
  onStart: z.boolean(),
  spawning: z.boolean().default(false),
  endsProcess: z.boolean().default(false),
});
export type ScriptError = z.output<typeof ScriptError>;

/** What `attach` and `start` tell people at Locust about the run. */
export const RunAddress = z.object({
  /** Where they find it; absent where `server.publicUrl` is not configured. */
  runUrl: z
    .url({ protocol: /^https?$/ })
    .max(2000)
    .optional(),
});
export type RunAddress = z.output<typeof RunAddress>;

/** A command in the answer to metrics, so that a stop works where the server cannot reach the master. */
export const PluginCommand = z.object({
  type: z.enum(["stop", "setUsers"]),
  runId: Id,
  fence: z.int(),
  users: z.int().optional(),
  spawnRate: z.number().optional(),
  /** Rises with every change of the users, so that the newest command wins. */
  commandNumber: z.int().optional(),
});

export const SamplesAnswer = z.object({
  acknowledgedSeq: z.int(),
  /** Of endpoints and of texts, 16 hex digits each; the plugin sends their names again. */
  unknownIds: z.array(z.string()),
  commands: z.array(PluginCommand),
});
