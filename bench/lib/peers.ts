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

/** prometheus.WriteRequest: timeseries = 1 { labels = 1 { name = 1, value = 2 }, samples = 2 { value = 1, timestamp = 2 } }. */
const writeRequest = (seconds: Parameters<Peer["write"]>[0], run: number): Uint8Array => {
  const samples = new Map<string, { endpoint: number; stat: string; at: [number, number][] }>();
  for (const { second, cells } of seconds) {
    cells.forEach((cell, endpoint) => {
      for (const [stat, value] of Object.entries(statsOf(cell))) {
        const key = `${endpoint} ${stat}`;
        const known = samples.get(key) ?? { endpoint, stat, at: [] };
        samples.set(key, known);
        known.at.push([second, value]);
      }
    });
  }
  const label = (name: string, value: string): Uint8Array =>
    new ByteWriter().byte(0x0a).text(name).byte(0x12).text(value).finish();
  const request = new ByteWriter();
  for (const { endpoint, stat, at } of samples.values()) {
    const series = new ByteWriter();
    series.byte(0x0a).block(label("__name__", `lm_${stat}`));
    series.byte(0x0a).block(label("endpoint", `/endpoint/${endpoint}`));
    series.byte(0x0a).block(label("run", String(run)));
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
  return {
    ...program,
    name: "Prometheus",
    write: async (seconds, run) => {
      await must(
        await fetch(`${base}/api/v1/write`, {
          method: "POST",
          headers: {
            "content-type": "application/x-protobuf",
            "content-encoding": "snappy",
            "x-prometheus-remote-write-version": "0.1.0",
          },
          body: Buffer.from(writeRequest(seconds, run)),
        }),
      );
    },
    chart: async (from, to) => {
      const query = new URLSearchParams({
        query: 'avg_over_time(lm_requests{endpoint="/endpoint/0",run="0"}[1m])',
        start: String(from),
        end: String(to),
        step: "60",
      });
      const text = await must(await fetch(`${base}/api/v1/query_range?${query.toString()}`));
      const answer = JSON.parse(text) as { data: { result: { values: unknown[] }[] } };
      return answer.data.result[0]?.values.length ?? 0;
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
  return {
    ...program,
    name: "InfluxDB",
    write: async (seconds, run) => {
      const lines = seconds.flatMap(({ second, cells }) =>
        cells.map((cell, endpoint) => {
          const fields = Object.entries(statsOf(cell)).map(([name, value]) => `${name}=${value}`);
          return `lm,endpoint=/endpoint/${endpoint},run=${run} ${fields.join(",")} ${second}`;
        }),
      );
      await must(
        await fetch(`${base}/write?db=bench&precision=s`, {
          method: "POST",
          body: lines.join("\n"),
        }),
      );
    },
    chart: async (from, to) => {
      const q = `SELECT mean(requests) FROM lm WHERE endpoint='/endpoint/0' AND run='0' AND time >= ${from}s AND time < ${to}s GROUP BY time(60s)`;
      const query = new URLSearchParams({ db: "bench", epoch: "s", q });
      const text = await must(await fetch(`${base}/query?${query.toString()}`));
      const answer = JSON.parse(text) as { results: { series: { values: unknown[] }[] }[] };
      return answer.results[0]?.series[0]?.values.length ?? 0;
    },
  };
};
