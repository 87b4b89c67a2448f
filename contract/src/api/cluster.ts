import { z } from "zod";
import { Id, Paging, page, ScopeFilter, Time } from "../model/primitives.ts";
import { Engine } from "../model/run.ts";

/** Somewhere Locust can run a test: a master that someone runs, or processes started for each run. */
export const ClusterAnswer = z.object({
  id: Id,
  kind: z.enum(["attached", "local"]),
  ...ScopeFilter.shape,
  baseUrl: z.string().optional(),
  origin: z.enum(["config", "api"]),
  maxConcurrentRuns: z.int(),
  state: z.enum(["idle", "busy", "unreachable", "unknown"]),
  since: Time,
  message: z.string().optional(),
  engine: Engine.optional(),
  holders: z.array(z.object({ runId: Id, slot: z.int() })),
  queueLength: z.int(),
});
export type ClusterAnswer = z.output<typeof ClusterAnswer>;
export const ClusterQuery = z.strictObject({ ...Paging.shape, ...ScopeFilter.shape });
export const ClusterPage = page(ClusterAnswer);
