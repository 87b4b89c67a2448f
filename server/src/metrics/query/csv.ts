import type { EndpointRow } from "@load-manager/contract/api/metrics.ts";

/** The columns of Locust's `_stats.csv`: programs that read its files can read ours. */
const HEAD = [
  "Type",
  "Name",
  "Request Count",
  "Failure Count",
  "Median Response Time",
  "Average Response Time",
  "Min Response Time",
  "Max Response Time",
  "Average Content Size",
  "Requests/s",
  "Failures/s",
  "50%",
  "66%",
  "75%",
  "80%",
  "90%",
  "95%",
  "98%",
  "99%",
  "99.9%",
  "99.99%",
  "100%",
];

/** Quotes where needed (RFC 4180). A value that a spreadsheet would run as a formula gets a leading apostrophe. */
const cell = (value: string | number | null | undefined): string => {
  if (value == null) return "";
  if (typeof value === "number") return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

/** One CSV line with its line break. */
export const csvLine = (values: readonly (string | number | null | undefined)[]): string =>
  `${values.map(cell).join(",")}\r\n`;

/** Where there are no histograms, Locust's own percentiles are known. */
const percentileOf = (row: EndpointRow, p: string): number | null | undefined =>
  row.percentiles?.[p] ??
  { 50: row.p50ResponseMs, 95: row.p95ResponseMs, 99: row.p99ResponseMs }[p];

const lineOf = (row: EndpointRow): string => {
  const failuresPerSec =
    row.requestsPerSec === null || row.totalFailures === null || !row.totalRequests
      ? null
      : (row.requestsPerSec * row.totalFailures) / row.totalRequests;
  const percentiles = HEAD.slice(11, -1).map((title) => percentileOf(row, title.slice(0, -1)));
  return csvLine([
    row.method,
    row.name,
    row.totalRequests,
    row.totalFailures,
    row.p50ResponseMs,
    row.avgResponseMs,
    row.minResponseMs,
    row.maxResponseMs,
    row.avgContentBytes,
    row.requestsPerSec,
    failuresPerSec,
    ...percentiles,
    row.maxResponseMs,
  ]);
};

/** The table of endpoints as CSV; the last row is that of all endpoints. */
export const csvOf = (rows: readonly EndpointRow[]): string =>
  [csvLine(HEAD), ...rows.map(lineOf)].join("");
