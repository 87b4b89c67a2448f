import { z } from "zod";
import { OptionValue } from "./script-options.ts";

const TaskOutline = z.object({
  name: z.string().describe("The name of the function, or of the TaskSet."),
  weight: z.number().describe("Its share of the tasks of its class, relative to the others."),
  tags: z.array(z.string()).describe("Its tags; of a TaskSet those of its tasks too."),
});

const UserClassOutline = z.object({
  name: z.string().describe("The name of the User class."),
  weight: z.number().describe("Its share of the users, relative to the other classes."),
  fixedCount: z.int().describe("The number of its users, whatever the target; 0: its share."),
  host: z
    .string()
    .optional()
    .describe("The host of the class in the script; a run's target takes its place."),
  tasks: z.array(TaskOutline).describe("Its tasks."),
});

export const ScriptOption = z.object({
  name: z.string().describe("The name in scriptOptions, and in Locust's parsed_options."),
  flags: z.array(z.string()).describe("How a command line names it."),
  type: z
    .enum(["text", "number", "boolean", "choice"])
    .describe("What a value must be: text; number; boolean, for a flag; choice, one of choices."),
  whole: z.boolean().optional().describe("Whether a number must be whole."),
  multiple: z.boolean().optional().describe("Whether the value is a list."),
  required: z.boolean().describe("Whether the script cannot do without it."),
  secret: z.boolean().describe("Whether its value is shown nowhere."),
  default: OptionValue.optional().describe(
    "Its value where a run gives none; absent for none, and for a secret.",
  ),
  choices: z.array(z.string()).optional().describe("The values that it may have."),
  help: z.string().optional().describe("What the script says of it."),
});
export type ScriptOption = z.output<typeof ScriptOption>;

/** What a script defines, as its import shows. */
export const ScriptOutline = z.object({
  userClasses: z.array(UserClassOutline).describe("The User classes of the script."),
  shapeClasses: z.array(z.string()).describe("The names of the script's LoadTestShapes."),
  options: z
    .array(ScriptOption)
    .describe(
      "The options that the script adds to Locust's own; a run sets them by scriptOptions.",
    ),
  tags: z.array(z.string()).describe("The tags of the script's tasks."),
});
export type ScriptOutline = z.output<typeof ScriptOutline>;
