import { MOST_REPORTED_RUNS } from "@load-manager/contract/api/report.ts";
import { RunAnswer } from "@load-manager/contract/api/run.ts";
import { AppError } from "@load-manager/server/lib/errors.ts";
import { type Command, InvalidArgumentError } from "commander";
import { criteriaIn } from "../criteria/criteria-text.ts";
import type { Scope } from "@load-manager/contract/model/primitives.ts";
import { scopeOf } from "../remote/load-test.ts";
import { clientOf, remoteOf, type RemoteOptions, withRemote } from "../remote/remote.ts";
import { type LocalScript, localScriptAt } from "../tests/local-script.ts";
import { openEmbedded } from "./embedded.ts";
import { listenForInterrupts } from "./interrupts.ts";
import { runOneByOne } from "./repeat.ts";
import { prepareReports, type ReportOptions, withReports } from "./reports.ts";
import { loadTestToRun, type RunFields, startRun } from "./start.ts";
import { finish, type WaitOptions, withWaiting } from "./wait.ts";

type Options = RemoteOptions &
  RunFields &
  WaitOptions &
  ReportOptions & {
    readonly scope?: string;
    readonly entrypoint?: string;
    readonly dataDir?: string;
    readonly criteria?: string;
    readonly repeat?: number;
    readonly detach?: true;
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

/** Everything that can be wrong before there is a run. */
const prepared = (options: Options) => {
  const { criteria, detach, repeat = 1 } = options;
  const reports = prepareReports(options);
  if (detach === true && (repeat > 1 || !reports.isEmpty)) {
    const detail =
      "--repeat, --junit, --markdown and --json need the end of the run, for which --detach does not wait.";
    throw new AppError("validation", detail);
  }
  return { criteria: criteria === undefined ? undefined : criteriaIn(criteria), reports, repeat };
};
type Prepared = ReturnType<typeof prepared>;

const withEmbedded = async (
  what: string,
  script: LocalScript,
  options: Options,
  { criteria, reports, repeat }: Prepared,
): Promise<void> => {
  if (options.detach === true) {
    const detail = "--detach needs a server that goes on: name one with --server, or log in.";
    throw new AppError("validation", detail);
  }
  const scope = options.scope === undefined ? LOCAL_SCOPE : scopeOf(options.scope);
  // From now on a signal ends what has been started, too.
  const interrupts = listenForInterrupts(false);
  try {
    const { client, dataDir, close } = await openEmbedded(options.dataDir);
    try {
      const loadTest = await loadTestToRun(client, what, script, scope, options);
      const ended = await runOneByOne({
        client,
        times: repeat,
        start: (runGroupId) => startRun(client, loadTest, options, { criteria, runGroupId }),
        announce: ({ name }) => `${name} on a server of this command alone.`,
        where: ({ id }) => `Kept in ${dataDir}: load-manager serve shows it under /runs/${id}`,
        options,
        interrupts,
      });
      await finish(client, ended, options, reports, repeat);
    } finally {
      interrupts.quiet();
      await close();
    }
  } finally {
    interrupts.release();
  }
};

const run = async (what: string, options: Options): Promise<void> => {
  // First, so that whatever is wrong leaves no report of an earlier run.
  const plan = prepared(options);
  const script = localScriptAt(what, options.entrypoint);
  const { baseUrl, isNamed } = remoteOf(options);
  if (script !== undefined && !isNamed) return withEmbedded(what, script, options, plan);
  if (options.dataDir !== undefined) {
    throw new AppError(
      "validation",
      "--data-dir is for a server of this command alone, without --server.",
    );
  }
  const client = clientOf(options);
  const scope = options.scope === undefined ? undefined : scopeOf(options.scope);
  const { criteria, reports, repeat } = plan;
  // A run that is left alone can be left at any time.
  const interrupts = options.detach === true ? undefined : listenForInterrupts(true);
  try {
    const loadTest = await loadTestToRun(client, what, script, scope, options);
    const start = (runGroupId?: string): Promise<RunAnswer> =>
      startRun(client, loadTest, options, { criteria, runGroupId });
    if (interrupts === undefined) {
      const started = await start();
      const json = JSON.stringify(RunAnswer.encode(started));
      process.stdout.write(`${options.output === "json" ? json : started.id}\n`);
      return;
    }
    const where = ({ id }: RunAnswer): string => `${baseUrl}/runs/${id}`;
    const announce = (started: RunAnswer): string => `${started.name}: ${where(started)}`;
    const all = { client, times: repeat, start, announce, where, options, interrupts };
    await finish(client, await runOneByOne(all), options, reports, repeat);
  } finally {
    interrupts?.release();
  }
};

const collected = (one: string, before: readonly string[] = []): string[] => [...before, one];

const timesOf = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > MOST_REPORTED_RUNS)
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${MOST_REPORTED_RUNS}.`);
  return value;
};

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
    .option(
      "--criteria <file>",
      "what the run is judged by, in the place of its load test's criteria: one a line",
    )
    .option("--repeat <number>", "runs of one group, one after the other", timesOf)
    .option("--wait", "wait for the end, which is the default")
    .option("--detach", "print the run's id and do not wait");
  withReports(withWaiting(withRemote(command))).action((what: string, options: Options) =>
    run(what, options),
  );
};
