import { z } from "zod";
import { Id, LoadTestId, RunId } from "../model/primitives.ts";
import { LoadTestRun } from "../model/run.ts";
import { ClusterAnswer } from "./cluster.ts";
import { StreamQuery } from "./metrics-detail.ts";

export const ChangesQuery = StreamQuery.extend({
  run: RunId.describe(
    "The run whose events are sent too, as its own stream sends them.",
  ).optional(),
});

const version = LoadTestRun.shape.version;
const gone = z
  .literal(true)
  .optional()
  .describe("It has been deleted; absent: it was created or changed.");

/** The data of a `hint` event: something that lists show has changed. */
export const Hint = z
  .discriminatedUnion("kind", [
    z
      .object({
        kind: z.literal("loadTest").describe("A load test has changed."),
        id: LoadTestId,
        version,
        gone,
      })
      .describe("A load test has changed, or its recent runs have."),
    z
      .object({
        kind: z.literal("run").describe("A run has changed."),
        id: RunId,
        loadTestId: LoadTestId.optional(),
        status: LoadTestRun.shape.status,
        verdict: LoadTestRun.shape.verdict.optional(),
        version,
        gone,
      })
      .describe("A run has changed."),
    z
      .object({
        kind: z.literal("cluster").describe("The state of a cluster has changed."),
        id: Id.describe("The id of the cluster."),
        status: ClusterAnswer.shape.state,
      })
      .describe("The state of a cluster has changed."),
    z
      .object({
        kind: z
          .literal("many")
          .describe("Read everything again: so much has changed, or may have changed."),
      })
      .describe("Read everything again that the page shows; also the first event of a connection."),
  ])
  .describe("Something that lists show has changed.");
export type Hint = z.output<typeof Hint>;
