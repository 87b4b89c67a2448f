import { randomUUID } from "node:crypto";
import type { Client } from "@load-manager/contract/api/http-client.ts";
import { RunAnswer } from "@load-manager/contract/api/run.ts";
import { EXIT_CODES } from "@load-manager/contract/model/exit-codes.ts";
import { AppError } from "@load-manager/server/lib/errors.ts";
import { ms, table, type Terminal } from "../terminal/screen.ts";
import type { Interrupts } from "./interrupts.ts";
import { showEnd } from "./result.ts";
import { terminalOf, type WaitOptions, waitForRun } from "./wait.ts";

const resultOf = ({ status, verdict }: RunAnswer): string => {
  if (verdict !== "none") return verdict;
  return status === "Failed" ? "could not run" : status.toLowerCase();
};

const figuresOf = ({ summary }: RunAnswer): [string, string, string, string] => [
  String(summary?.totalRequests ?? "–"),
  summary?.requestsPerSec?.toFixed(1) ?? "–",
  summary?.errorRate == null ? "–" : `${summary.errorRate.toFixed(2)} %`,
  ms(summary?.p95ResponseMs),
];

/** `Checkout #3 (1 of 5): passed, 1200 requests, 40.1 req/s, 0.00 % failed, p95 81 ms.` */
const lineOf = (run: RunAnswer, index: number, times: number): string => {
  const [requests, rps, failed, p95] = figuresOf(run);
  const hasFigures = run.summary !== undefined && run.summary.totalRequests !== 0;
  const figures = `, ${requests} requests, ${rps} req/s, ${failed} failed, p95 ${p95} ms`;
  const reason = run.status === "Finished" ? "" : ` ${run.statusReason?.message ?? ""}`;
  return `${run.name} (${index + 1} of ${times}): ${resultOf(run)}${hasFigures ? figures : ""}.${reason}\n`;
};

const showAll = (runs: readonly RunAnswer[], times: number, terminal: Terminal): void => {
  const rows = runs.map((run) => [run.name, resultOf(run), ...figuresOf(run)] as const);
  const heads = ["Run", "Result", "Requests", "req/s", "Failed", "p95 ms"] as const;
  const passed = runs.filter(({ verdict }) => verdict === "passed").length;
  terminal.write(`\n${table(terminal, heads, rows)}\n\n`);
  const missing = times - runs.length;
  terminal.write(
    `${passed} of ${times} runs passed.${missing === 0 ? "" : ` ${missing} were not started.`}\n`,
  );
};

type Repeated = {
  readonly client: Client;
  readonly times: number;
  /** `runGroupId`: common to the runs; absent of one alone. */
  readonly start: (runGroupId: string | undefined) => Promise<RunAnswer>;
  readonly where: (run: RunAnswer) => string;
  /** What is printed when a run has started. */
  readonly announce: (run: RunAnswer) => string;
  readonly options: WaitOptions;
  readonly interrupts: Interrupts;
};

const interrupted = (): AppError => {
  process.exitCode = EXIT_CODES.stopped;
  return new AppError("conflict", "Interrupted before the run was started; no run was started.");
};

/**
 * Starts one run after another and waits for each; the next one only where the last one ended as intended. Answers those that have
 * ended. Throws AppError where a signal comes before the first one.
 */
export const runOneByOne = async (repeated: Repeated): Promise<RunAnswer[]> => {
  const { client, times, start, where, announce, options, interrupts } = repeated;
  const terminal = terminalOf(options);
  const group = times === 1 ? undefined : randomUUID();
  const ended: RunAnswer[] = [];
  for (let index = 0; index < times; index += 1) {
    if (interrupts.wish() !== undefined) {
      if (index === 0) throw interrupted();
      break;
    }
    const started = await start(group);
    terminal.write(`${announce(started)}\n`);
    const run = await waitForRun(client, started, terminal, interrupts, where(started));
    if (run === undefined) break;
    ended.push(run);
    if (times > 1) terminal.write(lineOf(run, index, times));
    else if (options.output === "text") await showEnd(client, run, terminal, where(run));
    if (run.status !== "Finished") break;
  }
  if (options.output === "json") {
    const printed = ended.map((run) => RunAnswer.encode(run));
    if (printed.length > 0)
      process.stdout.write(`${JSON.stringify(times === 1 ? printed[0] : printed)}\n`);
  } else if (times > 1) showAll(ended, times, terminal);
  return ended;
};
