import { VerdictAnswer } from "@load-manager/contract/api/criteria.ts";
import type { Client } from "@load-manager/contract/api/http-client.ts";
import { RunAnswer } from "@load-manager/contract/api/run.ts";
import { AppError } from "@load-manager/server/lib/errors.ts";
import type { Command } from "commander";
import { answered } from "../remote/remote.ts";
import { reportFile } from "./report-file.ts";

const KINDS = ["junit", "markdown", "json"] as const;
type Kind = (typeof KINDS)[number];

/** Where each report goes; absent: it is not written. */
export type ReportOptions = { readonly [K in Kind]?: string };

const jsonOf = async (client: Client, runs: readonly RunAnswer[]): Promise<string> => {
  const items = [];
  for (const run of runs) {
    const verdict = await answered(client.getRunVerdict({ params: { runId: run.id } }));
    items.push({ run: RunAnswer.encode(run), verdict: VerdictAnswer.encode(verdict) });
  }
  return `${JSON.stringify({ runs: items }, undefined, 2)}\n`;
};

const reportOf = async (
  client: Client,
  kind: Kind,
  ended: readonly [RunAnswer, ...RunAnswer[]],
): Promise<string> => {
  if (kind === "json") return jsonOf(client, ended);
  const [{ id: runId }, ...others] = ended;
  const query = others.length === 0 ? {} : { also: others.map(({ id }) => id).join(",") };
  const args = { params: { runId }, query };
  return answered(kind === "junit" ? client.getRunJunit(args) : client.getRunMarkdown(args));
};

/**
 * Makes sure that the reports can be written, before a run starts, and takes older ones away. `write` writes those of ended runs and answers their paths.
 * Throws AppError validation, which names the option.
 */
export const prepareReports = (options: ReportOptions) => {
  const wanted = KINDS.flatMap((kind) => {
    const path = options[kind];
    return path === undefined ? [] : [{ kind, ...reportFile(`--${kind}`, path) }];
  });
  for (const { kind, file, path } of wanted) {
    const other = wanted.find((one) => one.kind !== kind && one.file === file);
    if (other !== undefined)
      throw new AppError("validation", `--${kind} and --${other.kind} name the same file ${path}.`);
  }
  for (const { clear } of wanted) clear();
  return {
    isEmpty: wanted.length === 0,
    write: async (client: Client, ended: readonly RunAnswer[]): Promise<string[]> => {
      const [first, ...others] = ended;
      if (first === undefined) return [];
      for (const { kind, write } of wanted) write(await reportOf(client, kind, [first, ...others]));
      return wanted.map(({ path }) => path);
    },
  };
};
export type Reports = ReturnType<typeof prepareReports>;

export const withReports = (command: Command): Command =>
  command
    .option("--junit <file>", "write the verdict as JUnit XML at the end")
    .option("--markdown <file>", "write the verdict as Markdown at the end, for a job summary")
    .option("--json <file>", "write the run and its verdict as the API answers them at the end");
