import type { KneeAnswer } from "@load-manager/contract/api/knee.ts";
import type { ScatterPoint } from "../../charts/scatter.tsx";

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
