import { type Command, Option } from "commander";

const OUTPUTS = ["text", "json"] as const;
export type Output = (typeof OUTPUTS)[number];

export const withOutput = (command: Command): Command =>
  command.addOption(
    new Option("--output <form>", "text, or json as the API answers")
      .choices(OUTPUTS)
      .default("text"),
  );
