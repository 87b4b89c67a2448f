import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Limit } from "../../charts/limit.ts";
import { type ChartOfMetric, hasCriteria, limitsOf, type RunCriterion } from "./criterion-place.ts";
import { requestsQuery, verdictQuery } from "./run-queries.ts";
import type { RunView } from "./view.ts";

const NONE: readonly RunCriterion[] = [];
const NO_ENDPOINTS: readonly never[] = [];

/** The criteria of a run as they were judged, or as they stand; none between the end and the verdict. */
const useCriteria = (run: RunAnswer): readonly RunCriterion[] => {
  const { data } = useQuery({ ...verdictQuery(run.id), enabled: hasCriteria(run) });
  if (data === undefined) return NONE;
  return data.verdict === "none" ? (data.live ?? NONE) : data.criteria;
};

type Endpoint = { readonly method: string; readonly name: string };

/** The endpoints that the run has measured so far, where they are needed. */
export const useMeasuredEndpoints = (run: RunAnswer, isNeeded: boolean): readonly Endpoint[] => {
  const { data } = useQuery({ ...requestsQuery(run.id, "whole", {}), enabled: isNeeded });
  return data?.items ?? NO_ENDPOINTS;
};

/** The limits that the charts of the stack draw. */
export const useLimits = (view: RunView): Readonly<Record<ChartOfMetric, readonly Limit[]>> => {
  const criteria = useCriteria(view.run);
  const isNeeded = criteria.length > 0 && view.endpoints.length === 1;
  const known = useMeasuredEndpoints(view.run, isNeeded);
  return useMemo(() => {
    const of = (chart: ChartOfMetric) => limitsOf(chart, criteria, view, known);
    return {
      time: of("time"),
      errorRate: of("errorRate"),
      rps: of("rps"),
      users: of("users"),
      workerCpu: of("workerCpu"),
    };
  }, [criteria, view, known]);
};
