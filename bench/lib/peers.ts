import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { ByteWriter } from "../../server/src/metrics/codec/bytes.ts";
import type { Cell } from "./payload.ts";
import { type Program, startProgram } from "./processes.ts";

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });

export type Peer = Program & {
  readonly name: string;
  /** Writes some seconds of some endpoints of a run; resolves when the peer has accepted them. */
  readonly write: (
    seconds: readonly { readonly second: number; readonly cells: readonly Cell[] }[],
    run: number,
  ) => Promise<void>;
  /** Queries one stat of one endpoint, one point a minute. Returns the number of points. */
  readonly chart: (from: number, to: number) => Promise<number>;
  /** Writes the response times of one endpoint as a classic histogram. */
  readonly writeTimes: (seconds: readonly TimesOfSecond[]) => Promise<void>;
  /** Queries averages of these times, one point a minute. Returns the number of points. */
  readonly averages: (from: number, to: number) => Promise<number>;
  /** The same for the 50th, 95th and 99th percentile. Returns the number of points of one of them. */
  readonly quantiles: (from: number, to: number) => Promise<number>;
};

/** The upper bounds of a classic histogram's buckets in ms: 30 of them, each 1.4 times the one before. */
const BOUNDS = Array.from({ length: 30 }, (_, index) => Number((0.5 * 1.4 ** index).toFixed(3)));

/** What one endpoint did in a second, and how it adds up since the first. */
export type TimesOfSecond = {
  readonly second: number;
  readonly sumMs: number;
  readonly count: number;
  /** For each of the bounds: how many responses took at most so long. */
  readonly below: readonly number[];
  readonly total: {
    readonly sumMs: number;
    readonly count: number;
    readonly below: readonly number[];
  };
};

/** The seconds of one endpoint as a classic histogram, each with the totals so far. */
export const timesOf = (
  seconds: readonly { readonly second: number; readonly cell: Cell }[],
): TimesOfSecond[] => {
  let total = { sumMs: 0, count: 0, below: BOUNDS.map(() => 0) };
  return seconds.map(({ second, cell }) => {
    const ms = [...cell.ok, ...cell.failed].map((us) => us / 1000);
    const own = {
      sumMs: ms.reduce((sum, value) => sum + value, 0),
      count: ms.length,
      below: BOUNDS.map((bound) => ms.filter((value) => value <= bound).length),
    };
    total = {
      sumMs: total.sumMs + own.sumMs,
      count: total.count + own.count,
      below: total.below.map((count, index) => count + (own.below[index] ?? 0)),
    };
    return { second, ...own, total };
  });
};

/** The series of a monitoring system: nine for each endpoint, with percentiles computed by the sender. */
const statsOf = ({ ok, failed }: Cell) => {
  const us = [...ok, ...failed].toSorted((a, b) => a - b);
  const p = (rank: number): number => (us[Math.ceil((rank / 100) * us.length) - 1] ?? 0) / 1000;
  return {
    requests: us.length,
    failures: failed.length,
    sum: us.reduce((sum, value) => sum + value, 0) / 1000,
    min: (us[0] ?? 0) / 1000,
    max: (us.at(-1) ?? 0) / 1000,
    bytes: us.length * 512,
    p50: p(50),
    p95: p(95),
    p99: p(99),
  };
};

const must = async (answer: Response): Promise<string> => {
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.url} answered ${answer.status}: ${text.slice(0, 300)}`);
  return text;
};

/** Snappy's block format without compression: literals only. */
const snappy = (bytes: Uint8Array): Uint8Array => {
  const writer = new ByteWriter().varint(bytes.length);
  for (let at = 0; at < bytes.length; at += 65_536) {
    const part = bytes.subarray(at, at + 65_536);
    writer
      .byte(61 << 2)
      .byte((part.length - 1) & 255)
      .byte((part.length - 1) >> 8)
      .raw(part);
  }
  return writer.finish();
};

type Series = {
  readonly labels: Readonly<Record<string, string>>;
  readonly at: readonly (readonly [second: number, value: number])[];
};

/** prometheus.WriteRequest: timeseries = 1 { labels = 1 { name = 1, value = 2 }, samples = 2 { value = 1, timestamp = 2 } }. */
const writeRequest = (list: readonly Series[]): Uint8Array => {
  const label = (name: string, value: string): Uint8Array =>
    new ByteWriter().byte(0x0a).text(name).byte(0x12).text(value).finish();
  const request = new ByteWriter();
  for (const { labels, at } of list) {
    const series = new ByteWriter();
    for (const [name, value] of Object.entries(labels)) series.byte(0x0a).block(label(name, value));
    for (const [second, value] of at) {
      const double = Buffer.alloc(8);
      double.writeDoubleLE(value);
      series.byte(0x12).block(
        new ByteWriter()
          .byte(0x09)
          .raw(double)
          .byte(0x10)
          .varint(second * 1000)
          .finish(),
      );
    }
    request.byte(0x0a).block(series.finish());
  }
  return snappy(request.finish());
};

/** The nine series of each endpoint. Labels are in the order of their names. */
const statSeries = (seconds: Parameters<Peer["write"]>[0], run: number): Series[] => {
  const series = new Map<
    string,
    { readonly labels: Series["labels"]; readonly at: [second: number, value: number][] }
  >();
  for (const { second, cells } of seconds) {
    cells.forEach((cell, endpoint) => {
      for (const [stat, value] of Object.entries(statsOf(cell))) {
        const key = `${endpoint} ${stat}`;
        const labels = {
          __name__: `lm_${stat}`,
          endpoint: `/endpoint/${endpoint}`,
          run: String(run),
        };
        const known = series.get(key) ?? { labels, at: new Array<[number, number]>() };
        series.set(key, known);
        known.at.push([second, value]);
      }
    });
  }
  return [...series.values()];
};

const timesSeries = (seconds: readonly TimesOfSecond[]): Series[] => {
  const column = (value: (one: TimesOfSecond) => number): Series["at"] =>
    seconds.map((one) => [one.second, value(one)]);
  return [
    { labels: { __name__: "times_sum" }, at: column(({ total }) => total.sumMs) },
    { labels: { __name__: "times_count" }, at: column(({ total }) => total.count) },
    ...[...BOUNDS.map(String), "+Inf"].map((le, index) => ({
      labels: { __name__: "times_bucket", le },
      at: column(({ total }) => total.below[index] ?? total.count),
    })),
  ];
};

export const startPrometheus = async (folder: string): Promise<Peer | undefined> => {
  if (!existsSync("/usr/bin/prometheus")) return undefined;
  const port = await freePort();
  mkdirSync(folder, { recursive: true });
  const config = join(folder, "prometheus.yml");
  writeFileSync(config, "global: { scrape_interval: 1h }\n");
  const base = `http://127.0.0.1:${port}`;
  const program = await startProgram(
    "/usr/bin/prometheus",
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--web.enable-remote-write-receiver",
      "--storage.tsdb.retention.time=10y",
    ],
    async () => (await fetch(`${base}/-/ready`)).ok,
  );
  const send = async (list: readonly Series[]): Promise<void> => {
    await must(
      await fetch(`${base}/api/v1/write`, {
        method: "POST",
        headers: {
          "content-type": "application/x-protobuf",
          "content-encoding": "snappy",
          "x-prometheus-remote-write-version": "0.1.0",
        },
        body: Buffer.from(writeRequest(list)),
      }),
    );
  };
  const range = async (promql: string, from: number, to: number): Promise<number> => {
    const query = new URLSearchParams({
      query: promql,
      start: String(from),
      end: String(to),
      step: "60",
    });
    const text = await must(await fetch(`${base}/api/v1/query_range?${query.toString()}`));
    const answer = JSON.parse(text) as { data: { result: { values: unknown[] }[] } };
    return answer.data.result[0]?.values.length ?? 0;
  };
  const quantile = (q: number): string => `histogram_quantile(${q}, rate(times_bucket[1m]))`;
  return {
    ...program,
    name: "Prometheus",
    write: (seconds, run) => send(statSeries(seconds, run)),
    chart: (from, to) =>
      range('avg_over_time(lm_requests{endpoint="/endpoint/0",run="0"}[1m])', from, to),
    writeTimes: (seconds) => send(timesSeries(seconds)),
    averages: (from, to) => range("rate(times_sum[1m]) / rate(times_count[1m])", from, to),
    quantiles: async (from, to) => {
      const points = [];
      for (const q of [0.5, 0.95, 0.99]) points.push(await range(quantile(q), from, to));
      return Math.min(...points);
    },
  };
};

export const startInflux = async (folder: string): Promise<Peer | undefined> => {
  if (!existsSync("/usr/bin/influxd")) return undefined;
  const [port, rpc] = [await freePort(), await freePort()];
  mkdirSync(folder, { recursive: true });
  const config = join(folder, "influxdb.conf");
  writeFileSync(
    config,
    `reporting-disabled = true
bind-address = "127.0.0.1:${rpc}"
[meta]
  dir = "${folder}/meta"
[data]
  dir = "${folder}/data"
  wal-dir = "${folder}/wal"
  cache-max-memory-size = "4g"
[http]
  bind-address = "127.0.0.1:${port}"
  log-enabled = false
  max-body-size = 0
[monitor]
  store-enabled = false
`,
  );
  const base = `http://127.0.0.1:${port}`;
  const program = await startProgram(
    "/usr/bin/influxd",
    ["-config", config],
    async () => (await fetch(`${base}/ping`)).ok,
  );
  await must(
    await fetch(`${base}/query`, {
      method: "POST",
      body: new URLSearchParams({ q: "CREATE DATABASE bench" }),
    }),
  );
  const send = async (lines: readonly string[]): Promise<void> => {
    await must(
      await fetch(`${base}/write?db=bench&precision=s`, {
        method: "POST",
        body: lines.join("\n"),
      }),
    );
  };
  const select = async (what: string, from: number, to: number): Promise<number> => {
    const q = `SELECT ${what} time >= ${from}s AND time < ${to}s GROUP BY time(60s)`;
    const query = new URLSearchParams({ db: "bench", epoch: "s", q });
    const text = await must(await fetch(`${base}/query?${query.toString()}`));
    const answer = JSON.parse(text) as { results: { series: { values: unknown[] }[] }[] };
    return answer.results[0]?.series[0]?.values.length ?? 0;
  };
  return {
    ...program,
    name: "InfluxDB",
    write: (seconds, run) =>
      send(
        seconds.flatMap(({ second, cells }) =>
          cells.map((cell, endpoint) => {
            const fields = Object.entries(statsOf(cell)).map(([name, value]) => `${name}=${value}`);
            return `lm,endpoint=/endpoint/${endpoint},run=${run} ${fields.join(",")} ${second}`;
          }),
        ),
      ),
    chart: (from, to) =>
      select("mean(requests) FROM lm WHERE endpoint='/endpoint/0' AND run='0' AND", from, to),
    writeTimes: (seconds) =>
      send(
        seconds.map(({ second, sumMs, count, below }) => {
          const buckets = below.map((value, index) => `b${index}=${value}`);
          return `times sum=${sumMs},count=${count},${buckets.join(",")} ${second}`;
        }),
      ),
    averages: (from, to) => select("sum(sum) / sum(count) FROM times WHERE", from, to),
    // InfluxDB has no quantile of buckets: it adds them up, and its reader would do the rest.
    quantiles: (from, to) =>
      select(`${BOUNDS.map((_, index) => `sum(b${index})`).join(", ")} FROM times WHERE`, from, to),
  };
};
