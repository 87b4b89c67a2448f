import type { Access } from "../../auth/access.ts";
import { AppError } from "../../lib/errors.ts";
import type { MetricsFacade } from "../../metrics/run-metrics.ts";
import { junitOf } from "../../runs/report/junit.ts";
import { markdownOf } from "../../runs/report/markdown.ts";
import type { ReportedRun } from "../../runs/report/reported-run.ts";
import type { LoadTestStore } from "../../stores/model/load-test.ts";
import type { RunReader } from "../../stores/model/load-test-run.ts";
import type { Handlers } from "../bind.ts";
import { visibleRunOf } from "./runs.ts";

/** The reports on settled runs for CI. `publicUrl`: the address of this server for people, where it is configured. */
export const reportHandlers = ({
  runs,
  loadTests,
  queries,
  publicUrl,
}: {
  readonly runs: RunReader;
  readonly loadTests: Pick<LoadTestStore, "get">;
  readonly queries: Pick<MetricsFacade["queries"], "requests">;
  readonly publicUrl?: string | undefined;
}): Pick<Handlers, "getRunJunit" | "getRunMarkdown"> => {
  const reported = async (
    access: Access,
    id: string,
    hasEndpoints: boolean,
  ): Promise<ReportedRun> => {
    const run = await visibleRunOf(runs, access, id);
    if (run.settledAt === undefined) {
      const detail = `The run ${run.name} is ${run.status}; it is reported when it has ended.`;
      throw new AppError("conflict", detail);
    }
    const loadTest = run.loadTestId === undefined ? undefined : await loadTests.get(run.loadTestId);
    const { items } = hasEndpoints
      ? await queries.requests(run, { responses: "all", format: "json" })
      : { items: [] };
    const url =
      publicUrl === undefined
        ? undefined
        : `${new URL(publicUrl).href.replace(/\/+$/, "")}/runs/${encodeURIComponent(id)}`;
    return { run, loadTestName: loadTest?.name ?? run.name, endpoints: items, url };
  };
  const all = async (
    access: Access,
    [first, also = []]: readonly [string, readonly string[] | undefined],
    hasEndpoints: boolean,
  ): Promise<ReportedRun[]> => {
    const found: ReportedRun[] = [];
    // One after another: the endpoints of each take the metrics of a whole run.
    for (const id of new Set([first, ...also]))
      found.push(await reported(access, id, hasEndpoints));
    return found;
  };
  return {
    getRunJunit: async ({ params, query, access }) => ({
      raw: junitOf(await all(access, [params.runId, query.also], false)),
    }),
    getRunMarkdown: async ({ params, query, access }) => ({
      raw: markdownOf(await all(access, [params.runId, query.also], true)),
    }),
  };
};
