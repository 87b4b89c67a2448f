import type { EndpointRow } from "@load-manager/contract/metrics.ts";

/** Locust's own column names, so that what reads its files reads ours. */
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

/** Quoted where needed (RFC 4180); what a spreadsheet would run as a formula is made text. */
const cell = (value: string | number | null | undefined): string => {
  if (value == null) return "";
  if (typeof value === "number") return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

/** One line with its end. */
export const csvLine = (values: readonly (string | number | null | undefined)[]): string =>
  `${values.map(cell).join(",")}\r\n`;

const lineOf = (row: EndpointRow): string => {
  const failuresPerSec =
    row.requestsPerSec === null || row.totalRequests === 0
      ? null
      : (row.requestsPerSec * row.totalFailures) / row.totalRequests;
  const percentiles = HEAD.slice(11, -1).map((title) => row.percentiles?.[title.slice(0, -1)]);
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

export const csvOf = (rows: readonly EndpointRow[]): string =>
  [csvLine(HEAD), ...rows.map(lineOf)].join("");
