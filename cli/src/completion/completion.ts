import { Argument, type Command } from "commander";
import { commandTree } from "./command-tree.ts";
import { bashCompletion, fishCompletion, zshCompletion } from "./shells.ts";

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

/** `completion bash|zsh|fish`: prints a script made from the commands as they are. */
export const addCompletion = (program: Command, out: (line: string) => void): void => {
  program
    .command("completion")
    .description("print the completion of commands and options for a shell")
    .addArgument(new Argument("<shell>", "the shell").choices(Object.keys(SHELLS)))
    .action((shell: keyof typeof SHELLS) => out(SHELLS[shell](commandTree(program)).trimEnd()));
};
