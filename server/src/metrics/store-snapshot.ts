import { createHash } from "node:crypto";
import type { SnapshotInput } from "@load-manager/contract/locust.ts";
import type { LoadTestRun } from "@load-manager/contract/run.ts";
import type { MetricStore, SampleRow } from "../stores/ports.ts";
import { RECORD } from "./batch.ts";
import type { LiveRuns } from "./live.ts";
import { encodeSample, type EndpointDelta, endpointId, type ServerSnapshot } from "./sample.ts";

type Endpoint = SnapshotInput["requestStats"][string];
type How = { readonly source: "json" | "polled"; readonly at: number; readonly final?: boolean };

const NONE = new Uint8Array(0);
const us = (ms: number | null | undefined): number => Math.max(0, Math.round((ms ?? 0) * 1000));
const sumUs = (endpoint: Endpoint | undefined): number =>
  endpoint === undefined ? 0 : us(endpoint.avgResponseTime) * endpoint.numRequests;

/** A snapshot that names no endpoints is one endpoint. */
const endpointsOf = (snapshot: SnapshotInput): Endpoint[] => {
  const named = Object.values(snapshot.requestStats);
  if (named.length > 0 || snapshot.totalRequests === 0) return named;
  return [
    {
      method: "",
      name: "(all)",
      numRequests: snapshot.totalRequests,
      numFailures: snapshot.totalFailures,
      avgResponseTime: snapshot.avgResponseMs,
    },
  ];
};

const keyOf = ({ method, name }: Endpoint): string => endpointId(method, name);

/** What has been added since the snapshot before; `undefined` where a count has fallen, which means a reset. */
export const difference = (
  before: SnapshotInput | undefined,
  now: SnapshotInput,
): EndpointDelta[] | undefined => {
  const known = new Map(
    before === undefined ? [] : endpointsOf(before).map((one) => [keyOf(one), one]),
  );
  const current = endpointsOf(now);
  if (before !== undefined && now.totalRequests < before.totalRequests) return undefined;
  if (current.some((one) => one.numRequests < (known.get(keyOf(one))?.numRequests ?? 0))) {
    return undefined;
  }
  return current.map((endpoint) => {
    const old = known.get(keyOf(endpoint));
    return {
      id: keyOf(endpoint),
      requests: endpoint.numRequests - (old?.numRequests ?? 0),
      failures: Math.max(0, endpoint.numFailures - (old?.numFailures ?? 0)),
      noTime: 0,
      sumUs: Math.max(0, sumUs(endpoint) - sumUs(old)),
      minUs: us(endpoint.minResponseTime),
      maxUs: us(endpoint.maxResponseTime),
      bytes: 0,
      ok: NONE,
      failed: NONE,
    };
  });
};

/** Cumulative snapshots become rows like those of the plugin, one after the other per run. */
export const createSnapshotStore = ({
  metrics,
  live,
}: {
  readonly metrics: MetricStore;
  readonly live: LiveRuns;
}) => {
  const queues = new Map<string, Promise<void>>();

  const store = async (run: LoadTestRun, snapshot: SnapshotInput, how: How): Promise<void> => {
    const accumulator = await live.of(run.id);
    const own = [...accumulator.boots].filter(([, boot]) => boot.snapshot?.source === how.source);
    const [lastKey, last] = own.at(-1) ?? [];
    // Two tellers of the same requests would count them twice: the first one is believed.
    if (accumulator.boots.size > own.length || last?.final !== undefined) return;
    const continued = difference(last?.snapshot?.snapshot, snapshot);
    const number = continued === undefined || lastKey === undefined ? own.length : own.length - 1;
    const boot = createHash("sha256")
      .update(`${run.id} ${how.source} ${number}`)
      .digest("hex")
      .slice(0, 32);
    const seq = continued === undefined || last === undefined ? 1 : last.upTo + 1;
    const endpoints = continued ?? difference(undefined, snapshot) ?? [];
    const second = Math.max(Math.floor(how.at / 1000), last?.snapshot?.second ?? 0);
    const kept: ServerSnapshot = {
      source: how.source,
      fromSecond:
        last?.snapshot === undefined ? second : Math.min(second, last.snapshot.second + 1),
      snapshot,
    };
    const target = run.commandedLoad?.targetUsers ?? run.targetUsers ?? snapshot.currentUsers;
    const base = { runId: run.id, attempt: run.attempt, boot };
    const rows: SampleRow[] = [
      {
        ...base,
        seq,
        type: RECORD.snapshot,
        second,
        body: encodeSample({
          second,
          users: { target, real: snapshot.currentUsers },
          worker: how.source,
          endpoints,
          names: endpointsOf(snapshot).map((one) => ({
            id: keyOf(one),
            method: one.method,
            name: one.name,
          })),
          snapshot: kept,
        }),
      },
    ];
    if (how.final === true) {
      rows.push({ ...base, seq: seq + 1, type: RECORD.final, second: 0, body: Buffer.from("{}") });
    }
    await metrics.append(rows);
    await live.add(
      run.id,
      rows.map((row) => ({ row })),
    );
  };

  return (run: LoadTestRun, snapshot: SnapshotInput, how: How): Promise<void> => {
    const before = queues.get(run.id) ?? Promise.resolve();
    const mine = before.then(() => store(run, snapshot, how));
    const settled = mine.catch(() => {});
    queues.set(run.id, settled);
    void settled.then(() => {
      if (queues.get(run.id) === settled) queues.delete(run.id);
    });
    return mine;
  };
};
