import { AppError } from "@load-manager/server/lib/errors.ts";
import type { Command } from "commander";
import { scopeOf } from "../remote/load-test.ts";
import { type Output, withOutput } from "../remote/output.ts";
import { clientOf, type RemoteOptions, withRemote } from "../remote/remote.ts";
import { type Planned, planOf } from "./plan.ts";
import {
  hasChanges,
  type Reported,
  reportLines,
  reportOf,
  reportOfFailure,
  reportOfNotReached,
  summaryOf,
} from "./report.ts";
import { readTestsFile, TESTS_FILE, type TestsFile } from "./tests-file.ts";
import { type Progress, write } from "./write.ts";

type Out = (line: string) => void;
type Options = RemoteOptions & {
  readonly scope?: string;
  readonly dryRun?: true;
  readonly exitCode?: true;
  readonly output: Output;
};

/** What an error leaves open. */
const errorOf = ({ placeOf }: TestsFile, { entry }: Planned, error: AppError): AppError => {
  const open =
    error.kind === "unavailable" ? " Whether the last request was carried out is not known." : "";
  const detail = `${placeOf(entry.path)}: ${entry.name}: ${error.message}${open}`;
  return new AppError(error.kind, `${detail}\nThe same command again writes what is left.`);
};

/** Writes one load test after the other, up to the first that fails; tells of each. Resolves with the failure. */
const writeAll = async (
  client: ReturnType<typeof clientOf>,
  file: TestsFile,
  plan: readonly Planned[],
  tell: (report: Reported) => void,
): Promise<AppError | undefined> => {
  for (const [index, planned] of plan.entries()) {
    const progress: Progress = {};
    try {
      await write(client, file.scope, planned, progress);
      tell(reportOf(planned, progress));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const failure = errorOf(file, planned, error);
      tell(reportOfFailure(planned, progress, error.message));
      for (const left of plan.slice(index + 1)) tell(reportOfNotReached(left));
      return failure;
    }
  }
  return undefined;
};

const apply = async (path: string, options: Options, out: Out): Promise<void> => {
  const given = options.scope === undefined ? undefined : scopeOf(options.scope);
  const file = readTestsFile(path, given);
  const client = clientOf(options);
  const plan = await planOf(client, file);
  const reports: Reported[] = [];
  const tell = (report: Reported): void => {
    reports.push(report);
    if (options.output === "text") for (const line of reportLines(report)) out(line);
  };
  const isDryRun = options.dryRun === true;
  let failure: AppError | undefined;
  if (isDryRun) for (const planned of plan) tell(reportOf(planned));
  else failure = await writeAll(client, file, plan, tell);
  if (options.output === "text") out(summaryOf(reports));
  else out(JSON.stringify({ dryRun: isDryRun, scope: file.scope, loadTests: reports }));
  if (failure !== undefined) throw failure;
  if (isDryRun && options.exitCode === true && plan.some(hasChanges)) process.exitCode = 1;
};

/** `apply`: makes the load tests of a server equal to those of a file. */
export const addApply = (program: Command, out: Out): void => {
  const command = program
    .command("apply [file]")
    .description(
      `create and change the load tests that a file names (default: ${TESTS_FILE}), and print what changes`,
    )
    .option("--dry-run", "print what would change, and write nothing")
    .option("--exit-code", "with --dry-run: exit with 1 where something would change")
    .option(
      "--scope <scope>",
      "account/org/project, or account/org/project/env, instead of the file's",
    );
  withOutput(withRemote(command)).action((path: string | undefined, options: Options) =>
    apply(path ?? TESTS_FILE, options, out),
  );
};
