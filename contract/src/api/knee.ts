import { z } from "zod";
import { Time } from "../model/primitives.ts";
import { nullableNumber } from "../model/stats.ts";
import { EndpointQuery, Points, runIds, stepMs, WindowQuery } from "./metrics.ts";

export const KneeQuery = WindowQuery.pick({ from: true, to: true, responses: true }).extend({
  points: Points.default(1000),
  endpoint: EndpointQuery.optional().describe(
    "Whose response times are answered: method and name, such as GET /cart; several are added up. Requests per second are always those of all endpoints.",
  ),
});

const requestsPerSec = z.number().describe("Requests per second of all endpoints.");

/** Requests per second and response times against users. */
export const KneeAnswer = z.object({
  ...runIds,
  stepMs,
  points: z
    .array(
      z.object({
        timestamp: Time.describe("The start of the point."),
        users: z
          .number()
          .describe("The mean of the users at the start and at the end of the point."),
        requestsPerSec,
        p95ResponseMs: nullableNumber.describe(
          "The 95th percentile of the response time in ms; null without timed requests.",
        ),
      }),
    )
    .describe(
      "The points with users and requests, in the order of time; 10 s wide, wider in long runs.",
    ),
  knee: z
    .object({
      users: z.number().describe("From so many users on requests per second hardly rise."),
      usersFrom: z
        .number()
        .describe("The fewest users that fit nearly as well: the lower end of the doubt."),
      usersTo: z
        .number()
        .describe("The most users that fit nearly as well: the upper end of the doubt."),
      requestsPerSec: requestsPerSec.describe("Requests per second at the knee."),
      p95ResponseMs: nullableNumber.describe(
        "The median of the 95th percentiles of the three points nearest to the knee, in ms; null without timed requests.",
      ),
    })
    .nullable()
    .describe(
      "Where requests per second stop rising with users; null where they do not, or it cannot be told.",
    ),
  noKneeUpToUsers: z
    .number()
    .nullable()
    .describe(
      "The most users up to which requests per second rose; null where there is a knee, or too few points or numbers of users to tell.",
    ),
});
export type KneeAnswer = z.output<typeof KneeAnswer>;
