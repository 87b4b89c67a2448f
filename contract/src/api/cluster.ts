import { z } from "zod";
import { Id, Paging, page, RunId, ScopeFilter, Time } from "../model/primitives.ts";
import { Engine } from "../model/run.ts";
import { clockOffsetMs, cpuPercent, memoryBytes, processId } from "./metrics-detail.ts";

export const ClusterId = Id.describe("The id of the cluster.");

/** A process of a Locust as its master last told of it. */
const ClusterProcess = z.object({
  id: processId,
  role: z.enum(["master", "worker"]).describe("What the process does."),
  state: z.string().describe("The state of the process, as Locust names it."),
  users: z.int().nullable().describe("The number of its users; null if unknown."),
  cpuPercent: cpuPercent.nullable().describe("Its CPU in percent of one core; null if unknown."),
  memoryBytes,
  clockOffsetMs,
  pythonVersion: z.string().nullable().describe("Its version of Python; null if unknown."),
  lastHeardAt: Time.nullable().describe(
    "When the server last heard of it as connected; null if never.",
  ),
});

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
  workers: z
    .int()
    .optional()
    .describe("The number of Locust workers of a run that names none; local clusters only."),
  maxWorkers: z
    .int()
    .optional()
    .describe("The number of Locust workers that a run may ask for; local clusters only."),
  state: z
    .enum(["idle", "busy", "unreachable", "unknown"])
    .describe(
      "Whether the cluster can take a run, as it answered within the last seconds; unknown where that cannot be seen.",
    ),
  since: Time.describe("Since when this server has seen the state."),
  message: z
    .string()
    .optional()
    .describe("Why the cluster is busy, unreachable or in an unknown state."),
  engine: Engine.optional(),
  holders: z
    .array(z.object({ runId: RunId, slot: z.int().describe("The slot that the run holds.") }))
    .describe("The runs that hold a slot, as far as the caller may see them."),
  processes: z
    .array(ClusterProcess)
    .describe(
      "The Locust processes when the server last asked, the master first. Empty where Locust does not tell, where it has none (a local cluster starts them for a run), or where the cluster works for a scope that the caller does not see.",
    ),
  queueLength: z.int().describe("The number of runs that wait for the cluster."),
});
export type ClusterAnswer = z.output<typeof ClusterAnswer>;
export const ClusterQuery = z.strictObject({
  ...Paging.shape,
  ...ScopeFilter.shape,
});
export const ClusterPage = page(ClusterAnswer);
