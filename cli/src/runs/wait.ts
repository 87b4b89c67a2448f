import type { Client } from "@load-manager/contract/api/http-client.ts";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { EXIT_CODES } from "@load-manager/contract/model/exit-codes.ts";
import { type Command, InvalidArgumentError, Option } from "commander";
import { exitCodeOfRuns, FAILING, type Failing } from "../remote/exit-code.ts";
import { type Output, withOutput } from "../remote/output.ts";
import { processTerminal, type Terminal } from "../terminal/screen.ts";
import type { Interrupts } from "./interrupts.ts";
import type { Reports } from "./reports.ts";
import { watchRun } from "./watch.ts";

export type WaitOptions = { readonly output: Output; readonly failOn?: Failing[] };

/** Silent where the output is for programs. */
export const terminalOf = ({ output }: WaitOptions): Terminal =>
  output === "json" ? { ...processTerminal(), isTTY: false, write: () => {} } : processTerminal();

/** Waits for the end of a run; `undefined` where the person has detached. `where`: where the run can be seen. */
export const waitForRun = async (
  client: Client,
  { id }: RunAnswer,
  terminal: Terminal,
  interrupts: Interrupts,
  where: string,
): Promise<RunAnswer | undefined> => {
  const ended = await watchRun(client, id, { terminal, wish: interrupts.wish });
  if (ended === undefined) terminal.write(`The run goes on: ${where}\n`);
  return ended;
};

/** Writes the reports of ended runs; the process exits with the worst of their codes. `wanted`: how many runs there should be. */
export const finish = async (
  client: Client,
  ended: readonly RunAnswer[],
  options: WaitOptions,
  reports: Reports,
  wanted = 1,
): Promise<void> => {
  const code = exitCodeOfRuns(ended, options.failOn ?? FAILING, wanted);
  // What goes wrong from here on must not look as if the runs had passed.
  process.exitCode = code === EXIT_CODES.passed ? EXIT_CODES.usage : code;
  const paths = await reports.write(client, ended);
  if (ended.length === 0 && !reports.isEmpty) {
    const detail = "No report is written, since no run has ended; runs watch ID writes it later.";
    terminalOf(options).write(`${detail}\n`);
  }
  if (paths.length > 0) terminalOf(options).write(`Written: ${paths.join(", ")}\n`);
  process.exitCode = code;
};

export const withWaiting = (command: Command): Command =>
  withOutput(command).addOption(
    new Option(
      "--fail-on <verdict>",
      "verdict that makes the command fail; repeatable (default: both)",
    )
      .choices(FAILING)
      .argParser((one: string, before: readonly Failing[] | undefined): Failing[] => {
        const verdict = FAILING.find((known) => known === one);
        if (verdict === undefined)
          throw new InvalidArgumentError(`It must be ${FAILING.join(" or ")}.`);
        return [...(before ?? []), verdict];
      }),
  );
