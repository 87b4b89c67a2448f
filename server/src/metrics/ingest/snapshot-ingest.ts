import { createHash } from "node:crypto";
import type { SnapshotInput } from "@load-manager/contract/plugin/callbacks.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { MetricStore, MetricRecord } from "../../stores/model/metric-store.ts";
import type { RunEventStore, ServerEvent } from "../../stores/model/event-store.ts";
import { RECORD } from "../codec/batch.ts";
import { denormalizedTotalsOf } from "../codec/denormalized-totals.ts";
import { encodeSample, type ServerSnapshot } from "../codec/sample.ts";
import {
  difference,
  foldFor,
  isOther,
  MAX_ENDPOINTS,
  newErrors,
  snapshotEndpointId,
  snapshotEndpoints,
} from "../codec/snapshot-deltas.ts";
import type { RunAggregateCache } from "../live/run-aggregate-cache.ts";
import type { RunAggregate } from "../live/run-aggregate.ts";

/** Where a snapshot comes from, when it was taken (Unix ms), and whether it is the run's last. */
export type SnapshotOrigin = {
  readonly source: "json" | "polled";
  readonly at: number;
  readonly final?: boolean;
};

type Deps = {
  readonly metrics: MetricStore;
  readonly events: RunEventStore;
  readonly aggregates: RunAggregateCache;
};

/** Snapshots name no master process. A source gets an instance per reset; its id is the same on every server. */
const instanceIdOf = (runId: string, source: string, number: number): string =>
  createHash("sha256").update(`${runId} ${source} ${number}`).digest("hex").slice(0, 32);

/** Where the next snapshot of a source continues; `undefined` where it is not to be recorded. */
const positionOf = (
  { masterInstances }: RunAggregate,
  runId: string,
  source: SnapshotOrigin["source"],
) => {
  const ofSource = [...masterInstances].filter(([, { snapshot }]) => snapshot?.source === source);
  // Two sources that report the same requests would count them twice: only the first one is recorded.
  if (masterInstances.size > ofSource.length) return undefined;
  const secondOf = ([, { snapshot }]: (typeof ofSource)[number]): number => snapshot?.second ?? 0;
  // By its number, since a server that read them from the store has the instances in the order of their ids. Migrated
  // instances have ids of another kind.
  const numbered = instanceIdOf(runId, source, ofSource.length - 1);
  const found =
    ofSource.find(([id]) => id === numbered) ??
    ofSource.toSorted((a, b) => secondOf(a) - secondOf(b)).at(-1);
  const [lastId, last] = found ?? [];
  if (last?.final !== undefined) return undefined;
  return { lastId, last, nextId: instanceIdOf(runId, source, ofSource.length) };
};

/**
 * Stores cumulative snapshots (times in ms) as records like the plugin's: each holds what was added since the one before.
 * Snapshots of one run are stored one after the other; a snapshot after the final one is ignored.
 */
export const createSnapshotIngest = ({ metrics, events, aggregates }: Deps) => {
  const queues = new Map<string, Promise<void>>();

  const store = async (
    run: LoadTestRun,
    snapshot: SnapshotInput,
    { source, at, final = false }: SnapshotOrigin,
  ): Promise<void> => {
    const runAggregate = await aggregates.get(run.id);
    const position = positionOf(runAggregate, run.id, source);
    if (position === undefined) return;
    const { lastId, last, nextId } = position;
    const fold = foldFor(runAggregate.names.keys(), snapshotEndpoints(snapshot));
    const endpoints = fold(snapshotEndpoints(snapshot));
    const added = difference(last?.snapshot?.snapshot, snapshot, fold);
    // After a reset the counts start again, as a new master instance.
    const before = added === undefined ? undefined : last;
    const masterInstanceId = before === undefined ? nextId : (lastId ?? nextId);
    const seq = before === undefined ? 1 : before.upTo + 1;
    const deltas = added ?? difference(undefined, snapshot, fold) ?? [];
    const second = Math.max(Math.floor(at / 1000), last?.snapshot?.second ?? 0);
    const recorded: ServerSnapshot = {
      source,
      fromSecond:
        last?.snapshot === undefined ? second : Math.min(second, last.snapshot.second + 1),
      snapshot,
    };
    const target = run.commandedLoad?.targetUsers ?? run.targetUsers ?? snapshot.currentUsers;
    const users = { target, real: snapshot.currentUsers };
    const body = encodeSample({
      second,
      users,
      worker: source,
      endpoints: deltas,
      names: endpoints.map((endpoint) => ({
        id: snapshotEndpointId(endpoint),
        method: endpoint.method,
        name: endpoint.name,
      })),
      errors: newErrors(
        before?.snapshot?.snapshot,
        snapshot,
        at,
        new Set(endpoints.map(snapshotEndpointId)),
      ),
      snapshot: recorded,
    });
    const key = { runId: run.id, masterInstanceId };
    const records: MetricRecord[] = [{ ...key, seq, type: RECORD.snapshot, second, body }];
    if (final) {
      const end = { seq: seq + 1, type: RECORD.final, second: 0, body: Buffer.from("{}") };
      records.push({ ...key, ...end });
    }
    await metrics.append(records, (index) =>
      denormalizedTotalsOf(run, index === 0 ? { sample: { users }, deltas } : undefined),
    );
    if (endpoints.some(isOther)) await recordCapped(events, run.id, at);
    await aggregates.add(
      run.id,
      records.map((record) => ({ record })),
    );
  };

  return (run: LoadTestRun, snapshot: SnapshotInput, origin: SnapshotOrigin): Promise<void> => {
    const previous = queues.get(run.id) ?? Promise.resolve();
    const stored = previous.then(() => store(run, snapshot, origin));
    const settled = stored.catch(() => {});
    queues.set(run.id, settled);
    void settled.then(() => {
      if (queues.get(run.id) === settled) queues.delete(run.id);
    });
    return stored;
  };
};

const recordCapped = (events: RunEventStore, runId: string, at: number): Promise<void> => {
  const message = `The run has more than ${MAX_ENDPOINTS} endpoints; the rest are counted as (other).`;
  const id = `${runId}:endpoints_capped`;
  const capped: ServerEvent = { id, at, type: "endpoints_capped", message };
  return events.append(runId, [capped]);
};
