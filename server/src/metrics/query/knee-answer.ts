import type { KneeAnswer, KneeQuery } from "@load-manager/contract/api/knee.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { z } from "zod";
import { SERIES } from "../codec/rollup.ts";
import { selectEndpoints } from "./endpoints.ts";
import { fieldsOf } from "./fields.ts";
import { kneeOf } from "./knee.ts";
import { columnsOf, startsOf } from "./points.ts";
import { type QueryDeps, resolveWindow, type WindowReader } from "./window.ts";

const MIN_STEP = 10;

/** The query as far as the last whole second of the load: after that users leave, and the last point would have too few. */
const withinLoad = async (
  deps: QueryDeps,
  run: LoadTestRun,
  query: z.output<typeof KneeQuery>,
): Promise<z.output<typeof KneeQuery>> => {
  const { window, loadTime } = await resolveWindow(deps, run, query);
  const end = Math.floor(loadTime.toMs / 1000);
  // A window of nothing else is left as it is.
  return window.from < end && end <= window.to ? { ...query, to: end * 1000 } : query;
};

/** Requests per second and p95 against users, and the knee in them. */
export const createKnee =
  (deps: QueryDeps, readWindow: WindowReader) =>
  async (
    run: LoadTestRun,
    asked: z.output<typeof KneeQuery>,
  ): Promise<z.output<typeof KneeAnswer>> => {
    const query = await withinLoad(deps, run, asked);
    const options = { points: query.points, minStep: MIN_STEP };
    const all = { from: query.from, to: query.to, responses: "all" } as const;
    const selection = selectEndpoints("sum", query.endpoint);
    const timed = await readWindow(run, query, { ...options, selection });
    const ofAll =
      query.endpoint === undefined
        ? timed
        : await readWindow(run, all, { ...options, withHistograms: false });
    const [rates = [], ends = []] = columnsOf(
      ofAll,
      SERIES.all,
      "all",
      fieldsOf(["totalRps", "currentUsers"]).fields,
    );
    const p95Field = fieldsOf(["p95ResponseMs"]).fields;
    const [p95s = []] = columnsOf(timed, SERIES.all, query.responses, p95Field);
    const starts = startsOf(ofAll);
    const points = starts.flatMap((start, index) => {
      const [requestsPerSec, end] = [rates[index] ?? null, ends[index] ?? null];
      const isFirst = index === 0 && start * 1000 <= ofAll.loadTime.fromMs;
      const begin = isFirst ? 0 : (ends[index - 1] ?? null);
      // Users change evenly in a ramp, so that the mean of both ends is the point's; without one end it is unknown.
      if (requestsPerSec === null || end === null || begin === null) return [];
      const users = (begin + end) / 2;
      const p95ResponseMs = p95s[index] ?? null;
      return users === 0 ? [] : [{ timestamp: start * 1000, users, requestsPerSec, p95ResponseMs }];
    });
    const knee = kneeOf(points);
    const mostUsers = Math.max(0, ...points.map(({ users }) => users));
    return {
      testRunId: run.id,
      runId: run.id,
      stepMs: ofAll.step * 1000,
      points,
      knee: knee ?? null,
      noKneeUpToUsers: knee === null ? mostUsers : null,
    };
  };
