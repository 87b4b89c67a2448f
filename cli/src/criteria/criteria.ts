import { EXIT_CODES } from "@load-manager/contract/model/exit-codes.ts";
import { AppError } from "@load-manager/server/lib/errors.ts";
import type { Command } from "commander";
import { checkArguments, checkFile, formatCriterion } from "./criteria-text.ts";

type Out = (line: string) => void;
type Options = { readonly file?: string };

const check = (expressions: readonly string[], { file }: Options, out: Out): void => {
  if (expressions.length === 0 && file === undefined)
    throw new AppError("validation", "Expressions in quotes, or --file, name what is checked.");
  const parts = [checkArguments(expressions), ...(file === undefined ? [] : [checkFile(file)])];
  for (const one of parts.flatMap(({ criteria }) => criteria)) out(formatCriterion(one));
  const faults = parts.flatMap((part) => part.faults);
  if (faults.length === 0) return;
  process.stderr.write(`${faults.join("\n")}\n`);
  process.exitCode = EXIT_CODES.usage;
};

/** `criteria check`, which needs no server. */
export const addCriteria = (program: Command, out: Out): void => {
  const criteria = program.command("criteria").description("what runs are judged by");
  criteria
    .command("check [expressions...]")
    .description(
      "check expressions, each in quotes, or a file of them: right ones are printed in their usual spelling, of wrong ones where and what is wrong",
    )
    .option("--file <file>", "a file with one criterion a line, as run --criteria takes it")
    .action((expressions: string[], options: Options) => check(expressions, options, out));
};
