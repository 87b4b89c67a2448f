import { z } from "zod";
import {
  clockOffsetMs,
  cpuPercent,
  memoryBytes,
  processId,
  processState,
  SampleEvent,
  truncated,
} from "./metrics-detail.ts";
import { Points, runIds, stepMs, WindowQuery } from "./metrics.ts";
import { Endpoint, nullableNumber } from "../model/stats.ts";

/** Query parameters of what is answered as columns over time. */
export const OverTimeQuery = WindowQuery.pick({ from: true, to: true }).extend({
  points: Points.default(300),
});

const t = z.array(z.int()).describe("The start of each point in Unix ms.");
/** One value for each time in `t`. */
const column = (description: string) =>
  z.array(nullableNumber).describe(`${description} One value for each time in t; null in a gap.`);

/** Failed requests over time, by endpoint and error. */
export const FailuresOverTimeAnswer = z.object({
  ...runIds,
  stepMs,
  t,
  series: z
    .array(
      z.object({
        ...Endpoint.shape,
        error: z.string().describe("The text of the error."),
        occurrences: z.int().describe("How many requests of the window failed with it."),
        counts: column("How many requests failed with it."),
      }),
    )
    .describe("The errors of each endpoint, most frequent first."),
  truncated,
});

/** The Locust processes of a run over time. */
export const ProcessesAnswer = z.object({
  ...runIds,
  stepMs,
  t,
  processes: z
    .array(
      z.object({
        id: processId,
        role: z.enum(["master", "worker"]).describe("What the process does."),
        state: processState.describe("The last state of the process in the window."),
        users: column("The number of its users at the end of the point."),
        cpuPercent: column(`${cpuPercent.description ?? ""} The mean of the point.`),
        maxCpuPercent: column("The highest CPU of a second of the point, in percent of a core."),
        memoryBytes: column(`The most of the point. ${memoryBytes.description ?? ""}`),
        clockOffsetMs: column(clockOffsetMs.description ?? ""),
      }),
    )
    .describe("The master first, then the workers by id."),
});

const { name } = SampleEvent.shape.userClasses.element.shape;

/** The users of each class of the script over time. */
export const UsersAnswer = z.object({
  ...runIds,
  stepMs,
  t,
  classes: z
    .array(
      z.object({
        name,
        currentUsers: column("The number of its users that run, at the end of the point."),
        targetUsers: column("The number of its users to reach, at the end of the point."),
      }),
    )
    .describe("The User classes, by name."),
});
