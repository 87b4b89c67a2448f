import type { ScriptCheck } from "@load-manager/contract/api/script.ts";

type Problem = ScriptCheck["errors"][number];

const lineOf = (kind: string, { file, line, message }: Problem): string =>
  `${kind}: ${file}${line === undefined ? "" : `, line ${line}`}: ${message}`;

const tagsOf = (tags: readonly string[]): string =>
  tags.length === 0 ? "" : `, tags ${tags.join(", ")}`;

type UserClass = ScriptCheck["userClasses"][number];

const classLines = ({ name, weight, fixedCount, host, tasks }: UserClass): string[] => [
  `User class ${name}: ${fixedCount > 0 ? `fixed count ${fixedCount}` : `weight ${weight}`}${host === undefined ? "" : `, host ${host}`}`,
  ...tasks.map((task) => `  task ${task.name}: weight ${task.weight}${tagsOf(task.tags)}`),
];

const optionLine = (option: ScriptCheck["options"][number]): string =>
  [
    `Option ${option.name}: ${option.multiple === true ? "list, " : ""}${option.type}`,
    ...(option.choices === undefined ? [] : [`one of ${option.choices.join(", ")}`]),
    ...(option.default === undefined ? [] : [`default ${JSON.stringify(option.default)}`]),
    ...(option.required ? ["required"] : []),
    ...(option.secret ? ["secret"] : []),
  ].join(", ") + (option.help === undefined ? "" : ` (${option.help})`);

/** What a check has found, a line each, for people. */
export const checkLines = (found: ScriptCheck): string[] => [
  ...found.errors.map((error) => lineOf("Error", error)),
  ...found.warnings.map((warning) => lineOf("Warning", warning)),
  ...found.userClasses.flatMap(classLines),
  ...found.shapeClasses.map((name) => `LoadTestShape ${name}`),
  ...found.options.map(optionLine),
  ...(found.notImportedReason === undefined
    ? []
    : [`Classes, options and tags are not known: ${found.notImportedReason}`]),
];
