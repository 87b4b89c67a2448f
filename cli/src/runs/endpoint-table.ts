import type { Client } from "@load-manager/contract/api/http-client.ts";
import { ms, table, type Terminal } from "../terminal/screen.ts";

type Requests = Awaited<ReturnType<Client["getRunRequests"]>>;
type Summary = Awaited<ReturnType<Client["getRunSummary"]>>;

const rowOf = (name: string, stats: Requests["items"][number] | Summary) =>
  [
    name,
    String(stats.totalRequests),
    String(stats.totalFailures),
    stats.requestsPerSec?.toFixed(1) ?? "–",
    ms(stats.avgResponseMs),
    ms(stats.p50ResponseMs),
    ms(stats.p95ResponseMs),
    ms(stats.p99ResponseMs),
  ] as const;

/** The stats of the endpoints of a run, and of all together. */
export const endpointTable = (terminal: Terminal, { items }: Requests, summary: Summary): string =>
  table(
    terminal,
    ["Endpoint", "Requests", "Failures", "req/s", "avg ms", "p50", "p95", "p99"],
    [
      ...items.map((item) => rowOf(`${item.method} ${item.name}`, item)),
      rowOf("All endpoints", summary),
    ],
  );
