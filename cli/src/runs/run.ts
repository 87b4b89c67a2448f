import type { Client } from "@load-manager/contract/api/http-client.ts";
import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { AppError } from "@load-manager/server/lib/errors.ts";
import { type Command, InvalidArgumentError } from "commander";
import { exitCodeOfRun, FAILING, type Failing } from "../remote/exit-code.ts";
import { loadTestOf, type Scope, scopeOf } from "../remote/load-test.ts";
import { type Output, withOutput } from "../remote/output.ts";
import { answered, clientOf, remoteOf, type RemoteOptions, withRemote } from "../remote/remote.ts";
import { type LocalScript, localScriptAt } from "../tests/local-script.ts";
import { processTerminal, type Terminal } from "../terminal/screen.ts";
import { openEmbedded } from "./embedded.ts";
import { listenForInterrupts } from "./interrupts.ts";
import { showEnd } from "./result.ts";
import { savedScript } from "./target.ts";
import { watchRun } from "./watch.ts";

type Options = RemoteOptions & {
  readonly users?: number;
  readonly spawnRate?: number;
  readonly duration?: number;
  readonly targetUrl?: string;
  readonly name?: string;
  readonly notes?: string;
  readonly tag?: string[];
  readonly scope?: string;
  readonly entrypoint?: string;
  readonly dataDir?: string;
  readonly detach?: true;
  readonly output: Output;
  readonly failOn?: Failing[];
};

/** Where a script goes without `--scope`, on a server of this command alone. */
const LOCAL_SCOPE: Scope = { accountId: "local", orgId: "local", projectId: "local" };

/** `90`, `90s`, `5m`, `1h30m` in seconds. */
export const secondsOf = (text: string): number => {
  const [all, hours = 0, minutes = 0, seconds = 0] =
    /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?$/.exec(text.trim()) ?? [];
  const total = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  if (all === undefined || total < 1) {
    throw new InvalidArgumentError("It must be a duration such as 90s, 5m or 1h30m.");
  }
  return total;
};

const numberAbove0 = (text: string): number => {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError("It must be a number above 0.");
  return value;
};

const bodyOf = (options: Options, loadTest: LoadTestAnswer) => {
  const { users, spawnRate, duration, targetUrl, name, notes, tag } = options;
  const given = {
    targetUsers: users,
    spawnRate,
    durationSeconds: duration,
    targetUrl,
    notes,
    tags: tag,
    scriptRevisionId: loadTest.latestRevisionId,
    // The name of a new load test; a run has that of its load test and a number.
    ...(name === undefined || name === loadTest.name ? {} : { name }),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
};

const start = async (
  client: Client,
  what: string,
  script: LocalScript | undefined,
  options: Options,
  scope: Scope | undefined,
): Promise<RunAnswer> => {
  const { targetUrl, name } = options;
  if (script !== undefined && scope === undefined) {
    throw new AppError(
      "validation",
      "--scope account/org/project names where the load test of the script belongs.",
    );
  }
  const loadTest =
    script === undefined || scope === undefined
      ? await loadTestOf(client, what, scope)
      : await savedScript(client, script, {
          scope,
          targetUrl,
          ...(name === undefined ? {} : { name }),
        });
  const params = { loadTestId: loadTest.id };
  return answered(client.createRun({ params, body: bodyOf(options, loadTest) }));
};

/** Waits for the end of a run and shows it; the process exits with its code. */
export const waitForRun = async (
  client: Client,
  run: RunAnswer,
  options: { readonly output: string; readonly failOn?: readonly Failing[] | undefined },
  place: { readonly where: string; readonly mayDetach: boolean },
): Promise<void> => {
  const terminal: Terminal =
    options.output === "json"
      ? { ...processTerminal(), isTTY: false, write: () => {} }
      : processTerminal();
  const interrupts = listenForInterrupts(place.mayDetach);
  try {
    const ended = await watchRun(client, run.id, { terminal, wish: interrupts.wish });
    if (ended === undefined) {
      terminal.write(`The run goes on: ${place.where}\n`);
      return;
    }
    if (options.output === "json") process.stdout.write(`${JSON.stringify(ended)}\n`);
    else await showEnd(client, ended, terminal, place.where);
    process.exitCode = exitCodeOfRun(ended, options.failOn ?? FAILING);
  } finally {
    interrupts.release();
  }
};

const withEmbedded = async (what: string, script: LocalScript, options: Options): Promise<void> => {
  if (options.detach === true) {
    const detail = "--detach needs a server that goes on: name one with --server, or log in.";
    throw new AppError("validation", detail);
  }
  const scope = options.scope === undefined ? LOCAL_SCOPE : scopeOf(options.scope);
  const server = await openEmbedded(options.dataDir);
  try {
    const run = await start(server.client, what, script, options, scope);
    if (options.output === "text")
      process.stdout.write(`${run.name} on a server of this command alone.\n`);
    await waitForRun(server.client, run, options, {
      where: `Kept in ${server.dataDir}: load-manager serve shows it under /runs/${run.id}`,
      mayDetach: false,
    });
  } finally {
    await server.close();
  }
};

const run = async (what: string, options: Options): Promise<void> => {
  const script = localScriptAt(what, options.entrypoint);
  const { baseUrl, isNamed } = remoteOf(options);
  if (script !== undefined && !isNamed) return withEmbedded(what, script, options);
  if (options.dataDir !== undefined) {
    throw new AppError(
      "validation",
      "--data-dir is for a server of this command alone, without --server.",
    );
  }
  const client = clientOf(options);
  const scope = options.scope === undefined ? undefined : scopeOf(options.scope);
  const started = await start(client, what, script, options, scope);
  if (options.detach === true) {
    const { id } = started;
    process.stdout.write(options.output === "json" ? `${JSON.stringify(started)}\n` : `${id}\n`);
    return;
  }
  if (options.output === "text")
    process.stdout.write(`${started.name}: ${baseUrl}/runs/${started.id}\n`);
  await waitForRun(client, started, options, {
    where: `${baseUrl}/runs/${started.id}`,
    mayDetach: true,
  });
};

const collected = (one: string, before: readonly string[] = []): string[] => [...before, one];

export const withWaiting = (command: Command): Command =>
  withOutput(command).option(
    "--fail-on <verdict>",
    "verdict that makes the command fail: failed or inconclusive; repeatable (default: both)",
    (one: string, before: readonly Failing[] | undefined): Failing[] => {
      const verdict = FAILING.find((known) => known === one);
      if (verdict === undefined)
        throw new InvalidArgumentError(`It must be ${FAILING.join(" or ")}.`);
      return [...(before ?? []), verdict];
    },
  );

/** `run`: starts a run of a load test or of a script, and waits for its end. */
export const addRun = (program: Command): void => {
  const command = program
    .command("run <what>")
    .description(
      "start a run and wait for its end: of a load test (its name or id), or of a locustfile or a folder, which becomes a load test. Without a server a script runs on one of this command alone.",
    )
    .option("--users <number>", "simulated users", numberAbove0)
    .option("--spawn-rate <number>", "users started per second", numberAbove0)
    .option("--duration <time>", "such as 90s, 5m or 1h30m", secondsOf)
    .option("--target-url <address>", "the target; needed for the first run of a script")
    .option(
      "--name <text>",
      "name of the run; of a script that of its load test (default: that of the file or folder)",
    )
    .option("--notes <text>", "what is different this time")
    .option("--tag <tag>", "tag of the run; repeatable", collected)
    .option("--scope <scope>", "account/org/project, or account/org/project/env")
    .option("--entrypoint <path>", "file of a folder that Locust runs (default: locustfile.py)")
    .option("--data-dir <folder>", "data folder of a server of this command alone")
    .option("--wait", "wait for the end, which is the default")
    .option("--detach", "print the run's id and do not wait");
  withWaiting(withRemote(command)).action((what: string, options: Options) => run(what, options));
};
