import { z } from "zod";
import { Id } from "../model/primitives.ts";

/** The version of `locust-plugin/PROTOCOL.md` that the server and the plugin of its version have. */
export const PLUGIN_PROTOCOL = 2;

/** Why the load ended, as the plugin reports it. */
export const StopCause = z.enum([
  "deadline",
  "manager",
  "locust_ui",
  "shape_ended",
  "no_workers",
  "auto_stop",
]);
export type StopCause = z.output<typeof StopCause>;

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
  unknownEndpoints: z.array(z.string()),
  commands: z.array(PluginCommand),
});
