import type { SampleEvent } from "@load-manager/contract/api/metrics-detail.ts";
import { getOrCreate } from "../../lib/maps.ts";
import { type EndpointName, endpointNameOf } from "../codec/endpoint-id.ts";
import { percentile } from "../codec/histogram.ts";
import type { Cell } from "../codec/rollup.ts";
import { classesOf, endpointsOf, processesOf, type Sample } from "../codec/sample.ts";
import { viewOf } from "../codec/stats.ts";
import { addDelta, addTotals, emptyTotals, type Totals } from "../codec/totals.ts";

/** The endpoints' names by id, as far as they have arrived. */
export type Names = Map<string, EndpointName>;
/** Null: unknown. */
export type Users = { readonly real: number | null; readonly target: number | null };

const statsOf = (totals: Totals) => {
  const { requests, failures, avgMs, histogram, bounds } = viewOf([totals], "all");
  const p = (rank: number): number | null => percentile(histogram, rank, bounds);
  return { requests, failures, avgResponseMs: avgMs, p };
};

const sampleEvent = (
  second: number,
  users: Users,
  all: Totals,
  details: Pick<SampleEvent, "userClasses" | "workers" | "endpoints">,
): SampleEvent => {
  const { p, ...stats } = statsOf(all);
  return {
    timestamp: second * 1000,
    ...stats,
    userClasses: details.userClasses,
    workers: details.workers,
    currentUsers: users.real,
    targetUsers: users.target,
    p50ResponseMs: p(50),
    p95ResponseMs: p(95),
    p99ResponseMs: p(99),
    endpoints: details.endpoints,
  };
};

const endpointStats = (name: EndpointName, totals: Totals): SampleEvent["endpoints"][number] => {
  const { p, ...stats } = statsOf(totals);
  return { ...name, ...stats, p95ResponseMs: p(95) };
};

/** The event of a sample. Adds the endpoint names that it brings. */
export const sampleEventOf = (sample: Sample, names: Names): SampleEvent => {
  const { users, second } = sample;
  for (const { id, method, name } of sample.names) names.set(id, { method, name });
  const endpoints = new Map<string, Totals>();
  for (const delta of endpointsOf(sample))
    addDelta(getOrCreate(endpoints, delta.id, emptyTotals), delta, second);
  const all = emptyTotals();
  for (const totals of endpoints.values()) addTotals(all, totals);
  return sampleEvent(second, { real: users?.real ?? null, target: users?.target ?? null }, all, {
    userClasses: classesOf(sample),
    workers: processesOf(sample),
    endpoints: [...endpoints].map(([id, totals]) =>
      endpointStats(endpointNameOf(names, id), totals),
    ),
  });
};

/** The event of a compacted second: without endpoints, user classes and workers. */
export const sampleEventOfCell = (cell: Cell, users: Users): SampleEvent => {
  const all = emptyTotals();
  addDelta(all, cell, cell.lastSecond);
  return sampleEvent(cell.start, users, all, { userClasses: [], workers: [], endpoints: [] });
};
