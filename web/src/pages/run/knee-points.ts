import type { KneeAnswer } from "@load-manager/contract/api/knee.ts";
import type { ScatterPoint } from "../../charts/scatter.tsx";
import { count, rate, responseTime, text } from "../../format/numbers.ts";

/** What the points say of where it breaks. */
export const kneeSentence = (
  { knee, noKneeUpToUsers, points }: Pick<KneeAnswer, "knee" | "noKneeUpToUsers" | "points">,
  isMeasured: boolean,
): string => {
  if (knee !== null) {
    const doubt =
      knee.usersFrom === knee.usersTo
        ? ""
        : ` (between ${count(knee.usersFrom)} and ${count(knee.usersTo)})`;
    return `From about ${count(knee.users)} users on${doubt} requests per second hardly rise: ${text(rate(knee.requestsPerSec))}, p95 ${text(responseTime(knee.p95ResponseMs))}.`;
  }
  if (points.length > 0 && points.every(({ p95ResponseMs }) => p95ResponseMs === null))
    return isMeasured
      ? "No p95 is known in this window."
      : "No p95 over time is known without the plugin, so nothing tells where it breaks.";
  return noKneeUpToUsers === null
    ? "Too few different numbers of users to tell where it breaks. A run that adds users step by step shows it."
    : `No knee up to ${count(noKneeUpToUsers)} users.`;
};

/** The points of the whole run that have response times; `from` and `to` (Unix ms) are the window, which the others lie outside of. */
export const kneePoints = (
  { points, stepMs }: Pick<KneeAnswer, "points" | "stepMs">,
  from: number,
  to: number,
): ScatterPoint[] =>
  points.flatMap(({ timestamp, users, requestsPerSec, p95ResponseMs }) =>
    p95ResponseMs === null
      ? []
      : [
          {
            x: requestsPerSec,
            y: p95ResponseMs,
            users,
            isOutside: timestamp + stepMs <= from || timestamp >= to,
          },
        ],
  );
