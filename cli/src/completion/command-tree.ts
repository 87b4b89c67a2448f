import type { Command } from "commander";

type CompletedOption = {
  /** `--output`; every option of the program has a long name. */
  readonly name: string;
  readonly description: string;
  /** What follows it: nothing, a file or folder, one of the choices, or what nobody can know. */
  readonly value: "none" | "file" | "other" | readonly string[];
};

/** A command as a shell completes it. */
export type CompletedCommand = {
  /** Its words without the program's: `runs list`; `""` is the program itself. */
  readonly path: string;
  readonly subcommands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly CompletedOption[];
  /** What its first argument can be; the same words as for options. */
  readonly argument: CompletedOption["value"];
};

/** The first sentence is enough beside a name. */
const shortened = (description: string): string => description.split(/[;:.] /, 1)[0] ?? "";

const valueOf = (
  flags: string,
  choices: readonly string[] | undefined,
): CompletedOption["value"] => {
  if (choices !== undefined) return choices;
  const [, value] = /[<[]([\w-]+)/.exec(flags) ?? [];
  if (value === undefined) return "none";
  return /file|folder|path|what/.test(value) ? "file" : "other";
};

const argumentOf = (command: Command): CompletedCommand["argument"] => {
  const [argument] = command.registeredArguments;
  return argument === undefined ? "none" : valueOf(`<${argument.name()}>`, argument.argChoices);
};

/** The command and all below it, each with what is shown in its help. */
export const commandTree = (command: Command, path = ""): CompletedCommand[] => {
  const help = command.createHelp();
  const children = help.visibleCommands(command);
  const own: CompletedCommand = {
    path,
    subcommands: children.map((child) => ({
      name: child.name(),
      description: shortened(child.description()),
    })),
    options: help.visibleOptions(command).flatMap(({ long, flags, description, argChoices }) =>
      long === undefined || long === null
        ? []
        : [
            {
              name: long,
              description: shortened(description),
              value: valueOf(flags, argChoices),
            },
          ],
    ),
    argument: argumentOf(command),
  };
  const below = children.flatMap((child) =>
    commandTree(child, path === "" ? child.name() : `${path} ${child.name()}`),
  );
  return [own, ...below];
};
