import { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import type { Command } from "commander";
import { type Output, withOutput } from "../remote/output.ts";
import { answered, clientOf, type RemoteOptions, withRemote } from "../remote/remote.ts";
import { loadTestOf, scopeOf } from "../remote/load-test.ts";
import { processTerminal, table } from "../terminal/screen.ts";

type Out = (line: string) => void;
type Options = RemoteOptions & { readonly scope?: string; readonly output: Output };

const placeOf = ({ accountId, orgId, projectId, envId }: LoadTestAnswer): string =>
  [accountId, orgId, projectId, envId].filter(Boolean).join("/");

const lastOf = ({ recentRuns: [last] }: LoadTestAnswer): string =>
  last === undefined
    ? "–"
    : `#${last.runNumber} ${last.status === "Failed" ? "could not run" : last.status}`;

const list = async (options: Options, out: Out): Promise<void> => {
  const scope = options.scope === undefined ? {} : scopeOf(options.scope);
  const query = { ...scope, limit: 200 };
  const { items, nextCursor } = await answered(clientOf(options).listLoadTests({ query }));
  if (options.output === "json")
    return out(JSON.stringify(items.map((one) => LoadTestAnswer.encode(one))));
  if (items.length === 0) return out("No load tests.");
  const rows = items.map((one) => [one.id, one.name, placeOf(one), lastOf(one)] as const);
  out(table(processTerminal(), ["Id", "Name", "Scope", "Last run"], rows));
  if (nextCursor !== undefined) out("There are more; --scope shows those of one project.");
};

const show = async (wanted: string, options: Options, out: Out): Promise<void> => {
  const scope = options.scope === undefined ? undefined : scopeOf(options.scope);
  const loadTest = await loadTestOf(clientOf(options), wanted, scope);
  if (options.output === "json") return out(JSON.stringify(LoadTestAnswer.encode(loadTest)));
  const { id, name, targetUrl, latestRevision, recentRuns } = loadTest;
  out(`${name} (${id})`);
  out(`Scope     ${placeOf(loadTest)}`);
  out(`Target    ${targetUrl}`);
  out(
    `Script    ${latestRevision === undefined ? "the cluster’s own" : `revision ${latestRevision.revisionNumber}`}`,
  );
  for (const run of recentRuns) {
    const { p95ResponseMs, errorRate } = run;
    const figures = [
      p95ResponseMs == null ? "" : `p95 ${Math.round(p95ResponseMs)} ms`,
      errorRate == null ? "" : `${errorRate.toFixed(2)} % failed`,
    ].filter(Boolean);
    const verdict = run.verdict === "none" ? [] : [run.verdict];
    const status = run.status === "Failed" ? "could not run" : run.status;
    out(`  #${run.runNumber}  ${[status, ...verdict, ...figures].join(", ")}  ${run.id}`);
  }
};

/** `tests list|show`. */
export const addTestLists = (tests: Command, out: Out): void => {
  const shown = (command: Command): Command =>
    withOutput(withRemote(command)).option(
      "--scope <scope>",
      "account/org/project, or account/org/project/env",
    );
  shown(tests.command("list"))
    .description("load tests")
    .action((options: Options) => list(options, out));
  shown(tests.command("show <load-test>"))
    .description("one load test, by its name or id, with its recent runs")
    .action((wanted: string, options: Options) => show(wanted, options, out));
};
