import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Row } from "./lib/pairs.ts";
import { startProgram } from "./lib/processes.ts";
import { timescaleRequest } from "./timescale.ts";

/** CPU of the plugin's steps inside Locust vs the CPU of a request of FastHttpUser. */
export const pluginRows = async (): Promise<Row[]> => {
  const python = process.env["LOAD_MANAGER_PYTHON"];
  if (python === undefined)
    return [{ what: "plugin in Locust", value: "no Locust here", ratio: null }];
  const shop = await startProgram(
    process.execPath,
    [join(import.meta.dirname, "lib/bare-server.ts")],
    /ready: \d+/,
  );
  const port = /ready: (\d+)/.exec(shop.output())?.[1] ?? "";
  const result = spawnSync(
    python,
    [join(import.meta.dirname, "plugin.py"), `http://127.0.0.1:${port}`],
    {
      encoding: "utf8",
    },
  );
  await shop.stop();
  if (result.status !== 0) throw new Error(result.stderr);
  const costs = JSON.parse(result.stdout.trim().split("\n").at(-1) ?? "") as {
    readonly record: number;
    readonly recordFailed: number;
    readonly report: number;
    readonly collect: number;
    readonly request: number;
  };
  const share = costs.record / costs.request;
  const failedShare = costs.recordFailed / costs.request;
  // The share of one request in the report of its second, which has ten requests for each of 1,000 endpoints.
  const ours = costs.record + costs.report / 10_000;
  const timescale = await timescaleRequest();
  return [
    {
      what: "plugin in a worker: CPU to count a request vs CPU of the request (FastHttpUser)",
      value: `${(costs.record * 1e6).toFixed(2)} vs ${(costs.request * 1e6).toFixed(0)} µs`,
      ratio: share,
      goal: "≤ 0.015×",
      met: share <= 0.015,
    },
    {
      what: "plugin in a worker: the same of a failed request",
      value: `${(costs.recordFailed * 1e6).toFixed(2)} vs ${(costs.request * 1e6).toFixed(0)} µs`,
      ratio: failedShare,
      goal: "≤ 0.015×",
      met: failedShare <= 0.015,
    },
    {
      what: "plugin in a worker: a report of 1,000 endpoints, once a second",
      value: `${(costs.report * 100).toFixed(1)} % of a core`,
      ratio: null,
      goal: "≤ 1 %",
      met: costs.report <= 0.01,
    },
    {
      what: "plugin in the master: a worker's report of 1,000 endpoints, once a second",
      value: `${(costs.collect * 100).toFixed(2)} % of a core`,
      ratio: null,
      goal: "≤ 3 %",
      met: costs.collect <= 0.03,
    },
    {
      what: "plugin in a worker vs the Timescale listener of locust-plugins: CPU for a request, reported",
      value:
        timescale === undefined
          ? "not installed"
          : `${(ours * 1e6).toFixed(2)} vs ${(timescale * 1e6).toFixed(1)} µs`,
      ratio: timescale === undefined ? null : ours / timescale,
      ...(timescale === undefined ? {} : { goal: "≤ 0.1×", met: ours / timescale <= 0.1 }),
    },
  ];
};
