import { z } from "zod";
import { Id, Paging, page, RunId, ScopeFilter, Time } from "../model/primitives.ts";
import { Engine } from "../model/run.ts";

export const ClusterId = Id.describe("The id of the cluster.");

/** Somewhere Locust can run a test: a master that someone runs, or processes started for each run. */
export const ClusterAnswer = z.object({
  id: ClusterId,
  kind: z
    .enum(["attached", "local"])
    .describe(
      "attached: a Locust master that somebody runs; local: processes that the server starts for each run.",
    ),
  ...ScopeFilter.shape,
  baseUrl: z.string().optional().describe("The address of an attached master."),
  origin: z.enum(["config", "api"]).describe("Where the cluster was defined."),
  maxConcurrentRuns: z.int().describe("The number of slots: so many runs at the same time."),
  state: z
    .enum(["idle", "busy", "unreachable", "unknown"])
    .describe("Whether the cluster can take a run; unknown where that cannot be seen."),
  since: Time.describe("Since when this server has seen the state."),
  message: z.string().optional().describe("Why the cluster is unreachable or its state unknown."),
  engine: Engine.optional(),
  holders: z
    .array(z.object({ runId: RunId, slot: z.int().describe("The slot that the run holds.") }))
    .describe("The runs that hold a slot, as far as the caller may see them."),
  queueLength: z.int().describe("The number of runs that wait for the cluster."),
});
export type ClusterAnswer = z.output<typeof ClusterAnswer>;
export const ClusterQuery = z.strictObject({
  ...Paging.shape,
  ...ScopeFilter.shape,
});
export const ClusterPage = page(ClusterAnswer);
