import { z } from "zod";
import { Time } from "../model/primitives.ts";
import { nullableNumber, PercentileError, RunSummary } from "../model/stats.ts";

const process = z.string().describe("The id of the worker, or master.");

const finding = <const Code extends string, Data extends z.ZodRawShape>(
  code: Code,
  meaning: string,
  data: Data,
) =>
  z
    .object({
      code: z.literal(code).describe(meaning),
      since: Time.describe("When it began, as far as the metrics tell."),
      until: Time.optional().describe("When it ended; absent while it lasts."),
      data: z.object(data).describe("The evidence."),
    })
    .describe(meaning);

/** The faults of a run's measurement that its metrics show, the gravest first. */
export const Finding = z
  .discriminatedUnion("code", [
    finding(
      "generator_saturated",
      "Processes of Locust used 90 % of their CPU core or more: the response times may be Locust's own.",
      {
        processes: z
          .array(
            z.object({
              id: process,
              cpuPercent: z
                .number()
                .describe("The highest CPU of a point of that time, in percent of one core."),
            }),
          )
          .describe("The saturated processes, the busiest first."),
      },
    ),
    finding("users_below_target", "Fewer users ran than were commanded.", {
      users: z.int().describe("The fewest users at the end of a point of that time."),
      targetUsers: z.int().describe("The users that were commanded."),
    }),
    finding(
      "workers_lost",
      "Workers were gone: their users, and what they had not reported, are missing.",
      {
        workers: z
          .array(z.string())
          .describe(
            "The ids of the workers; empty where only their number is known, and of the time only that it lies between since and until.",
          ),
        lost: z.int().describe("How many workers were gone."),
      },
    ),
    finding("gap", "Seconds of the run have no metrics, or are known only as totals.", {
      seconds: z.number().describe("How long the gap is, in seconds."),
    }),
    finding(
      "incomplete",
      "The run has ended, and some of its metrics have not arrived, or have no time.",
      {
        untimedRequests: z
          .int()
          .nullable()
          .describe("How many requests are known only as totals; null where it is unknown."),
      },
    ),
    finding("clock_offset", "A clock was off by more than a second.", {
      process,
      offsetMs: z
        .number()
        .describe("The largest offset in ms: by how much the clock was ahead of the other."),
      against: z
        .enum(["master", "server"])
        .describe("Whose clock it was compared with: a worker's master, or the master's server."),
    }),
  ])
  .describe("A fault of the measurement.");
export type Finding = z.output<typeof Finding>;

const state = z
  .enum(["fine", "flawed", "unknown"])
  .describe("Whether it is as it should be; unknown where that is not measured, or not yet clear.");

/** What speaks for the metrics of a run, or against them. Each part has its value also where nothing is wrong. */
export const Trust = z
  .object({
    load: z
      .object({
        state,
        users: z
          .int()
          .nullable()
          .describe(
            "The number of users at the end; where none were to be there, the most that the run had of targetUsers. Null if unknown.",
          ),
        targetUsers: z
          .int()
          .nullable()
          .describe(
            "The number of users last commanded; where that is 0, the highest that was reached, else the highest. Null if unknown.",
          ),
        reachedAt: Time.nullable().describe(
          "When the users had reached targetUsers; null before that.",
        ),
      })
      .describe("Whether the run had the users that it should have."),
    generators: z
      .object({
        state,
        process: process.nullable().describe("The busiest process; null without the plugin."),
        cpuPercent: nullableNumber.describe(
          "The highest CPU of a point of that process, in percent of one core; null without the plugin.",
        ),
        workers: RunSummary.shape.workers,
      })
      .describe("Whether Locust itself was fast enough, with all of its workers."),
    data: z
      .object({
        state,
        gaps: z.int().describe("The number of gaps."),
        gapSeconds: z.number().describe("How long all gaps are together, in seconds."),
        lastSecondAt: Time.nullable().describe(
          "The newest second with metrics; null without metrics.",
        ),
      })
      .describe("Whether all metrics have arrived, so far while the run lasts."),
    clocks: z
      .object({
        state,
        process: process.nullable().describe("Whose clock was off most; null if unknown."),
        offsetMs: nullableNumber.describe(
          "By how much it was ahead, in ms: a worker's clock of the master's, the master's of the server's; null if unknown.",
        ),
      })
      .describe("Whether the clocks of the machines agree within a second."),
    percentiles: z
      .object({
        state,
        error: PercentileError.nullable().describe(
          "How far the percentiles can be off at most; null where they are Locust's own.",
        ),
      })
      .describe("Whether it is known how exact the percentiles are."),
  })
  .describe("How far the metrics of the whole run can be trusted, whatever window was asked for.");
export type Trust = z.output<typeof Trust>;
