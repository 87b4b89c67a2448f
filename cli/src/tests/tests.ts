import { DEFAULT_ENTRYPOINT } from "@load-manager/contract/model/script-paths.ts";
import { AppError } from "@load-manager/server/lib/errors.ts";
import { zipOf } from "@load-manager/server/lib/zip.ts";
import type { Command } from "commander";
import { loadTestOf, scopeOf } from "../remote/load-test.ts";
import { answered, clientOf, type RemoteOptions, withRemote } from "../remote/remote.ts";
import { checkLines } from "./check-lines.ts";
import { differencesOf } from "./compare-scripts.ts";
import { addTestLists } from "./list.ts";
import { IGNORE_FILE, readScript } from "./local-files.ts";
import { localScriptOf, projectIn } from "./local-script.ts";
import { writeScript } from "./write-script.ts";

type Out = (line: string) => void;

type Remote = RemoteOptions & { readonly test: string; readonly scope?: string };

/** The load test that `--test` names. */
const namedBy = (options: Remote) =>
  loadTestOf(
    clientOf(options),
    options.test,
    options.scope === undefined ? undefined : scopeOf(options.scope),
  );
type Of = Remote & { readonly revision?: string };

/** The newest revision, or the one with the number. */
const fetched = async (loadTestId: string, options: Of) => {
  const { revision } = options;
  const client = clientOf(options);
  const params = { loadTestId };
  if (revision === undefined) return answered(client.getScript({ params }));
  for (let cursor: string | undefined; ;) {
    const query = { limit: 200, ...(cursor === undefined ? {} : { cursor }) };
    const page = await answered(client.listScriptRevisions({ params, query }));
    const found = page.items.find(({ revisionNumber }) => String(revisionNumber) === revision);
    if (found !== undefined) {
      const ofRevision = { loadTestId, revisionId: found.id };
      return answered(client.getScriptRevision({ params: ofRevision }));
    }
    cursor = page.nextCursor;
    if (cursor === undefined) {
      throw new AppError("not-found", `The load test has no revision ${revision} of its script.`);
    }
  }
};

type Fetched = Awaited<ReturnType<typeof fetched>>;

const contentsOf = ({ files }: Fetched): ReadonlyMap<string, Buffer> =>
  new Map(
    files.map(({ path, content, encoding }) => [
      path,
      Buffer.from(content, encoding === "base64" ? "base64" : "utf8"),
    ]),
  );

const filesIn = (count: number): string => `${count} ${count === 1 ? "file" : "files"}`;

type Push = Remote & { readonly entrypoint: string; readonly description?: string };

const push = async (folder: string, options: Push, out: Out): Promise<void> => {
  const { entrypoint, description } = options;
  const { files } = projectIn(folder, entrypoint);
  const { id: loadTestId } = await namedBy(options);
  const saving = clientOf(options).saveScript({
    params: { loadTestId },
    query: { entrypoint, ...(description === undefined ? {} : { description }) },
    body: await zipOf(files, new Date()),
  });
  const saved = await answered(saving);
  for (const { file, line, message } of saved.warnings ?? []) {
    out(`Warning: ${file}${line === undefined ? "" : `, line ${line}`}: ${message}`);
  }
  out(
    `Revision ${saved.revisionNumber} of the load test has the ${filesIn(files.size)} of ${folder}.`,
  );
};

type Check = Remote & { readonly entrypoint: string };

const check = async (path: string, options: Check, out: Out): Promise<void> => {
  const { entrypoint, files } = localScriptOf(path, options.entrypoint);
  const { id: loadTestId } = await namedBy(options);
  const checking = clientOf(options).checkScript({
    query: { loadTestId, entrypoint },
    body: await zipOf(files, new Date()),
  });
  const found = await answered(checking);
  for (const line of checkLines(found)) out(line);
  if (!found.ok) process.exitCode = 1;
};

type Pull = Of & { readonly force?: true };

const pull = async (folder: string, options: Pull, out: Out): Promise<void> => {
  const { id } = await namedBy(options);
  const revision = await fetched(id, options);
  const files = contentsOf(revision);
  writeScript(folder, files, options.force === true);
  out(`${folder} has the ${filesIn(files.size)} of revision ${revision.revisionNumber}.`);
};

type Diff = Of & { readonly exitCode?: true };

const diff = async (folder: string, options: Diff, out: Out): Promise<void> => {
  const local = readScript(folder);
  const { id, latestRevision } = await namedBy(options);
  // Without a script everything would be new.
  const isNew = latestRevision === undefined && options.revision === undefined;
  const revision = isNew ? undefined : await fetched(id, options);
  const before = revision === undefined ? new Map<string, Buffer>() : contentsOf(revision);
  const differences = differencesOf(before, local);
  for (const { path, kind, patch } of differences) {
    out(`${kind}: ${path}`);
    if (patch !== undefined) out(patch.trimEnd());
  }
  if (differences.length === 0) {
    const what = revision === undefined ? "no script" : `revision ${revision.revisionNumber}`;
    out(`${folder} is the same as ${what}.`);
  } else if (options.exitCode === true) process.exitCode = 1;
};

const withTest = (command: Command): Command =>
  withRemote(
    command
      .requiredOption("--test <load-test>", "name or id of the load test")
      .option("--scope <scope>", "with a name: account/org/project, or account/org/project/env"),
  );

const REVISION = "number of the revision (default: the newest)";

/** `tests list|show`, and `tests check|push|pull|diff`: a folder and the script of a load test. */
export const addTests = (program: Command, out: Out): void => {
  const tests = program.command("tests").description("load tests, and their scripts in folders");
  addTestLists(tests, out);
  withTest(tests.command("push <folder>"))
    .description(
      `save a folder as the script of a load test, without what ${IGNORE_FILE} in it names (lines as in .gitignore), and without .git, __pycache__, *.pyc and .venv`,
    )
    .option("--entrypoint <path>", "file that Locust runs", DEFAULT_ENTRYPOINT)
    .option("--description <text>", "what has changed")
    .action((folder: string, options: Push) => push(folder, options, out));
  withTest(tests.command("check <path>"))
    .description(
      "check a folder or a file as the script of a load test without saving it: errors, User classes, tasks and options",
    )
    .option("--entrypoint <path>", "file that Locust runs", DEFAULT_ENTRYPOINT)
    .action((path: string, options: Check) => check(path, options, out));
  withTest(tests.command("pull <folder>"))
    .description("write the script of a load test into a folder")
    .option("--revision <number>", REVISION)
    .option("--force", "also into a folder that is not empty; other files in it stay")
    .action((folder: string, options: Pull) => pull(folder, options, out));
  withTest(tests.command("diff <folder>"))
    .description("show what a push of the folder would change")
    .option("--revision <number>", REVISION)
    .option("--exit-code", "exit with 1 where there is a difference")
    .action((folder: string, options: Diff) => diff(folder, options, out));
};
