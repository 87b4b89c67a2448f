import { RunAnswer } from "@load-manager/contract/api/run.ts";
import { RUN_STATUSES } from "@load-manager/contract/model/run-status.ts";
import { type Command, InvalidArgumentError } from "commander";
import { loadTestOf, scopeOf } from "../remote/load-test.ts";
import { type Output, withOutput } from "../remote/output.ts";
import { answered, clientOf, remoteOf, type RemoteOptions, withRemote } from "../remote/remote.ts";
import { processTerminal, table } from "../terminal/screen.ts";
import { listenForInterrupts } from "./interrupts.ts";
import { prepareReports, type ReportOptions, withReports } from "./reports.ts";
import { showEnd } from "./result.ts";
import { finish, terminalOf, type WaitOptions, waitForRun, withWaiting } from "./wait.ts";

type Out = (line: string) => void;
type Printed = RemoteOptions & { readonly output: Output };

const moment = (ms: number): string => new Date(ms).toISOString().replace("T", " ").slice(0, 16);

type ListOptions = Printed & {
  readonly status?: string;
  readonly test?: string;
  readonly scope?: string;
  readonly limit: number;
};

const rowOf = ({ id, name, status, verdict, createdAt, summary }: RunAnswer) =>
  [
    id,
    name,
    status === "Failed" ? "Could not run" : status,
    verdict === "none" ? "–" : verdict,
    moment(createdAt),
    String(summary?.totalRequests ?? "–"),
    summary?.errorRate == null ? "–" : `${summary.errorRate.toFixed(2)} %`,
  ] as const;

const list = async (options: ListOptions, out: Out): Promise<void> => {
  const client = clientOf(options);
  const scope = options.scope === undefined ? undefined : scopeOf(options.scope);
  const ofTest =
    options.test === undefined
      ? {}
      : { loadTestId: (await loadTestOf(client, options.test, scope)).id };
  const query = {
    ...scope,
    ...ofTest,
    ...(options.status === undefined ? {} : { status: options.status }),
    limit: options.limit,
  };
  const { items } = await answered(client.listRuns({ query }));
  if (options.output === "json")
    return out(JSON.stringify(items.map((run) => RunAnswer.encode(run))));
  if (items.length === 0) return out("No runs.");
  const heads = ["Id", "Name", "Status", "Verdict", "Created (UTC)", "Requests", "Failed"] as const;
  out(table(processTerminal(), heads, items.map(rowOf)));
};

const show = async (runId: string, options: Printed, out: Out): Promise<void> => {
  const run = await answered(clientOf(options).getRun({ params: { runId } }));
  if (options.output === "json") return out(JSON.stringify(RunAnswer.encode(run)));
  const [, name, status, verdict, created, requests, failed] = rowOf(run);
  out(`${name} (${run.id})`);
  out(
    `Status    ${status}${run.statusReason === undefined ? "" : `: ${run.statusReason.message}`}`,
  );
  out(`Verdict   ${verdict}`);
  out(`Created   ${created} UTC by ${run.createdBy}`);
  out(`Requests  ${requests}, failed ${failed}`);
  out(`${remoteOf(options).baseUrl}/runs/${run.id}`);
};

const stop = async (
  runId: string,
  options: RemoteOptions & { readonly reason?: string },
  out: Out,
): Promise<void> => {
  const body = options.reason === undefined ? {} : { reason: options.reason };
  const run = await answered(clientOf(options).stopRun({ params: { runId }, body }));
  out(`${run.name}: ${run.status}`);
};

type WatchOptions = Printed & WaitOptions & ReportOptions;

const watch = async (runId: string, options: WatchOptions): Promise<void> => {
  const reports = prepareReports(options);
  const client = clientOf(options);
  const terminal = terminalOf(options);
  const where = `${remoteOf(options).baseUrl}/runs/${runId}`;
  const interrupts = listenForInterrupts(true);
  try {
    const run = await answered(client.getRun({ params: { runId } }));
    const ended = await waitForRun(client, run, terminal, interrupts, where);
    if (ended !== undefined && options.output === "json")
      process.stdout.write(`${JSON.stringify(RunAnswer.encode(ended))}\n`);
    else if (ended !== undefined) await showEnd(client, ended, terminal, where);
    await finish(client, ended === undefined ? [] : [ended], options, reports);
  } finally {
    interrupts.release();
  }
};

const limitOf = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 200)
    throw new InvalidArgumentError("It must be a whole number from 1 to 200.");
  return value;
};

/** `runs list|show|stop|watch`. */
export const addRuns = (program: Command, out: Out): void => {
  const runs = program.command("runs").description("list, show, stop and watch runs");
  withOutput(withRemote(runs.command("list")))
    .description("the newest runs")
    .option("--status <statuses>", `one or more of ${RUN_STATUSES.join(",")}`)
    .option("--test <load-test>", "name or id of a load test")
    .option("--scope <scope>", "account/org/project, or account/org/project/env")
    .option("--limit <number>", "how many", limitOf, 20)
    .action((options: ListOptions) => list(options, out));
  withOutput(withRemote(runs.command("show <id>")))
    .description("one run")
    .action((id: string, options: Printed) => show(id, options, out));
  withRemote(runs.command("stop <id>"))
    .description("end a run")
    .option("--reason <text>", "why")
    .action((id: string, options: RemoteOptions) => stop(id, options, out));
  withReports(withWaiting(withRemote(runs.command("watch <id>"))))
    .description("follow a run to its end, and exit with its code")
    .action((id: string, options: WatchOptions) => watch(id, options));
};
