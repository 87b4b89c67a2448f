import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { pino } from "pino";
import { createCompactor } from "../server/src/metrics/rollups/compactor.ts";
import {
  addEncoded,
  emptyHistogram,
  encodeHistogram,
  percentile,
} from "../server/src/metrics/codec/histogram.ts";
import { decodeSample, endpointsOf } from "../server/src/metrics/codec/sample.ts";
import { testRun } from "../server/src/metrics/testing/fixtures.ts";
import { openSqliteStores } from "../server/src/stores/sqlite/stores.ts";
import { inPairs, type Row, timed } from "./lib/pairs.ts";
import type { MetricStore } from "../server/src/stores/model/metric-store.ts";
import { batchOf, type Cell, cellsOf, rowsOf, sampleBody } from "./lib/payload.ts";
import { portOf, poster } from "./lib/posting.ts";
import { type Peer, startInflux, startPrometheus } from "./lib/peers.ts";
import { cpuOf, startProgram } from "./lib/processes.ts";

const [ENDPOINTS, HOURS, POOL] = [20, 24, 3600];
const SECONDS = HOURS * 3600;
/** A full hour, so that it has the same position relative to the partitions of every store. */
const BEGIN = Math.floor(Date.now() / 3_600_000 - 25) * 3600;

const secondsFrom = (pool: readonly (readonly Cell[])[], from: number, count: number) =>
  Array.from({ length: count }, (_, index) => ({
    second: BEGIN + from + index,
    cells: pool[(from + index) % pool.length] ?? [],
  }));

/** CPU seconds for each endpoint-second, after a warm-up: runs of 100 endpoints each, whose samples arrive once a second. */
const [RUNS, WARM, TICKS, WIDE] = [8, 300, 300, 100];
const widePool = (): Cell[][] =>
  Array.from({ length: WARM + TICKS }, (_, index) => cellsOf(WIDE, 10_000 + index));
const everyRun = <T>(work: (run: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: RUNS }, (_, run) => work(run)));

const peerIngest = async (peer: Peer, pool: readonly (readonly Cell[])[]): Promise<number> => {
  const write = async (from: number, to: number): Promise<void> => {
    for (let second = from; second < to; second += 1)
      await everyRun((run) => peer.write(secondsFrom(pool, second, 1), run));
  };
  await write(0, WARM);
  const before = cpuOf(peer.pid);
  await write(WARM, WARM + TICKS);
  return (cpuOf(peer.pid) - before) / (RUNS * TICKS * WIDE);
};

/** The same for this server, including the later compaction of the windows. */
const ownIngest = async (folder: string, pool: readonly (readonly Cell[])[]): Promise<number> => {
  const dataDir = join(folder, "ingest");
  const server = await startProgram(
    process.execPath,
    [join(import.meta.dirname, "lib/ingest-server.ts"), dataDir, String(RUNS), "still"],
    /ready: \d+/,
  );
  const { post, close } = poster(portOf(server), RUNS);
  const write = async (from: number, to: number): Promise<void> => {
    for (let second = from; second < to; second += 1) {
      const body = sampleBody(BEGIN + second, pool[second] ?? [], second === 0);
      await everyRun((run) => post(batchOf(`run-${run}`, second + 1, [body])));
    }
  };
  await write(0, WARM);
  const before = cpuOf(server.pid);
  await write(WARM, WARM + TICKS);
  const arrived = cpuOf(server.pid) - before;
  close();
  await server.stop();
  const stores = await openSqliteStores({ dataDir });
  let now = BEGIN + WARM + 60;
  const compactor = compactorOf(stores.metrics, () => now);
  await compactor.runOnce();
  now += TICKS;
  const cpu = process.cpuUsage();
  await compactor.runOnce();
  const { user, system } = process.cpuUsage(cpu);
  await compactor.stop();
  await stores.close();
  return (arrived + (user + system) / 1e6) / (RUNS * TICKS * WIDE);
};

const compactorOf = (metrics: MetricStore, now: () => number) =>
  createCompactor({
    metrics,
    clock: {
      now: () => now() * 1000,
      monotonic: () => performance.now(),
      wall: () => now() * 1000,
    },
    log: pino({ level: "warn" }),
    retention: { secondsDays: 14, tenSecondsDays: 90 },
    keptRunIds: async () => [],
  });

const jsonOf = (second: number, cells: readonly Cell[]): string =>
  JSON.stringify({
    second,
    endpoints: cells.map(({ ok, failed }, index) => {
      const all = [...ok, ...failed];
      const histogram: Record<string, number> = {};
      for (const us of all) {
        const ms = String(Math.round(us / 1000));
        histogram[ms] = (histogram[ms] ?? 0) + 1;
      }
      return {
        method: "GET",
        name: `/endpoint/${index}`,
        requests: all.length,
        failures: failed.length,
        sum: all.reduce((sum, us) => sum + us, 0) / 1000,
        min: Math.min(...all) / 1000,
        max: Math.max(...all) / 1000,
        bytes: all.length * 512,
        histogram,
      };
    }),
  });

/** A day of one run with 20 endpoints in this store and in the peers: disk, and time to query. */
export const dayRows = async (): Promise<Row[]> => {
  const folder = mkdtempSync(join(tmpdir(), "load-manager-bench-"));
  const rows: Row[] = [];
  const pool = Array.from({ length: POOL }, (_, index) => cellsOf(ENDPOINTS, index + 1));
  const dataDir = join(folder, "ours");
  const stores = await openSqliteStores({ dataDir });
  let payload = 0;
  let json = 0;
  for (let from = 0; from < SECONDS; from += 300) {
    const list = secondsFrom(pool, from, 300).map(({ second, cells }, index) => {
      json += jsonOf(second, cells).length;
      return sampleBody(second, cells, from === 0 && index === 0);
    });
    for (const body of list) payload += body.length;
    const samples = rowsOf("run-0", list, BEGIN + from).map((row, index) => ({
      ...row,
      seq: from + index + 1,
    }));
    await stores.metrics.append(samples);
  }
  const compactor = compactorOf(stores.metrics, () => BEGIN + SECONDS + 3600);
  const cpu = process.cpuUsage();
  const compactionMs = await timed(() => compactor.runOnce());
  const used = process.cpuUsage(cpu);
  await compactor.stop();
  rows.push({
    what: "compacting a day's samples into rollups: CPU per endpoint-second",
    value: `${((used.user + used.system) / (SECONDS * ENDPOINTS)).toFixed(2)} µs (${(compactionMs / 1000).toFixed(1)} s for ${HOURS} h)`,
    ratio: null,
  });
  await stores.close();

  const db = new Database(join(dataDir, "metrics.db"), { readonly: true });
  const bytes = (where: string): number =>
    (
      db.prepare(`SELECT sum(length(body) + 60) AS bytes FROM metrics_rollups ${where}`).get() as {
        bytes: number;
      }
    ).bytes;
  const [seconds, all] = [bytes("WHERE level = 1"), bytes("")];
  const pages = (name: string): number | undefined => {
    try {
      const found = db
        .prepare("SELECT sum(pgsize) AS bytes FROM dbstat WHERE name LIKE ?")
        .get(name);
      return (found as { bytes: number }).bytes;
    } catch {
      return undefined;
    }
  };
  const onDisk = pages("%metrics_rollups%") ?? all;
  db.close();
  const share = (value: number): string => `${(value / SECONDS).toFixed(0)} B a sample`;
  rows.push(
    {
      what: "disk: the 1 s level vs the encoded payload",
      value: `${share(seconds)} vs ${share(payload)}`,
      ratio: seconds / payload,
      goal: "≤ 1.3×",
      met: seconds / payload <= 1.3,
    },
    {
      what: "disk: all levels with their pages and indexes vs the encoded payload",
      value: share(onDisk),
      ratio: onDisk / payload,
      goal: "≤ 2×",
      met: onDisk / payload <= 2,
    },
    {
      what: "disk: all levels vs the same as JSON rows",
      value: share(json),
      ratio: onDisk / json,
      goal: "≤ 0.25×",
      met: onDisk / json <= 0.25,
    },
  );

  const again = await openSqliteStores({ dataDir });
  await again.runs.create(
    testRun({
      id: "run-0",
      status: "Finished",
      settledAt: 1,
      loadStartedAt: BEGIN * 1000,
      loadEndedAt: (BEGIN + SECONDS) * 1000,
    }),
  );
  await again.close();
  const server = await startProgram(
    process.execPath,
    [join(import.meta.dirname, "lib/ingest-server.ts"), dataDir, "0", "still"],
    /ready: \d+/,
  );
  const port = /ready: (\d+)/.exec(server.output())?.[1];
  const ask = async (path: string): Promise<string> => {
    const answer = await fetch(`http://127.0.0.1:${port}/v1/runs/run-0/${path}`);
    const text = await answer.text();
    if (!answer.ok) throw new Error(text);
    return text;
  };
  const chart = (): Promise<number> =>
    timed(() => ask("metrics/timeseries?points=1000&format=columns&endpoint=GET%20/endpoint/0"));
  const peers: Peer[] = [];
  const wide = widePool();
  const own = await ownIngest(folder, wide);
  try {
    const known = { Prometheus: startPrometheus, InfluxDB: startInflux };
    for (const [name, start] of Object.entries(known)) {
      const peer = await start(join(folder, name));
      if (peer === undefined) {
        rows.push({ what: name, value: "not installed", ratio: null });
        continue;
      }
      peers.push(peer);
      const theirs = await peerIngest(peer, wide);
      rows.push({
        what: `CPU per endpoint-second (8 runs of 100 endpoints, once a second; ours with compaction) vs ${peer.name} with nine values each`,
        value: `${(own * 1e6).toFixed(1)} vs ${(theirs * 1e6).toFixed(1)} µs`,
        ratio: own / theirs,
        goal: "≤ 0.5×",
        met: own / theirs <= 0.5,
      });
      for (let from = WARM + TICKS; from < SECONDS; from += 60)
        await peer.write(secondsFrom(pool, from, 60), 0);
      const result = await inPairs(9, chart, () =>
        timed(async () => {
          if ((await peer.chart(BEGIN, BEGIN + SECONDS)) < 1000) throw new Error("too few points");
        }),
      );
      const limit = peer.name === "Prometheus" ? 1 : 0.1;
      rows.push({
        what: `24 h chart of one endpoint vs ${peer.name} with a step of 60 s`,
        value: `${result.ours.toFixed(1)} vs ${result.other.toFixed(1)} ms`,
        ...result,
        goal: `≤ ${limit}×`,
        met: result.ratio <= limit,
      });
    }
    const raw = Array.from({ length: SECONDS }, (_, second) => {
      const [first] = endpointsOf(
        decodeSample(sampleBody(second, pool[second % POOL] ?? [], false)),
      );
      return [first?.ok ?? new Uint8Array(), first?.failed ?? new Uint8Array()];
    });
    const mergeRaw = () => {
      const histogram = emptyHistogram();
      for (const [ok, failed] of raw) {
        if (ok !== undefined) addEncoded(histogram, ok);
        if (failed !== undefined) addEncoded(histogram, failed);
      }
      return histogram;
    };
    const query = `metrics/timeseries?points=1&percentiles=99.9&endpoint=GET%20/endpoint/0`;
    const summary = JSON.parse(await ask(query)) as { percentiles: Record<string, number> };
    const exact = percentile(mergeRaw(), 99.9, { minUs: 0, maxUs: Infinity });
    const isEqual = summary.percentiles["99.9"] === exact && encodeHistogram(mergeRaw()).length > 0;
    const any = await inPairs(
      9,
      () => timed(() => ask(query)),
      () => timed(mergeRaw),
    );
    rows.push({
      what: "p99.9 of one endpoint over 24 h vs merging all its preloaded histograms of 1 s",
      value: `${any.ours.toFixed(1)} vs ${any.other.toFixed(1)} ms; ${isEqual ? "equal" : `NOT EQUAL: ${summary.percentiles["99.9"]} and ${exact}`}`,
      ...any,
      goal: "≤ 2×, equal",
      met: any.ratio <= 2 && isEqual,
    });
  } finally {
    for (const peer of peers) await peer.stop();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return rows;
};
