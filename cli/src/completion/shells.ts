import type { CompletedCommand } from "./command-tree.ts";

/** `"run --users"|"run --notes"`: a pattern of a shell's `case` for what stands before the cursor; `undefined`: nothing does. */
const patternOf = (texts: readonly string[]): string | undefined =>
  texts.length === 0 ? undefined : texts.map((text) => `"${text}"`).join("|");

/** What stands before the cursor, by what may follow. */
const valuesOf = (tree: readonly CompletedCommand[]) => {
  const all = tree.flatMap(({ path, options }) =>
    options.map(({ name, value }) => ({ before: `${path} ${name}`, value })),
  );
  const before = (kind: string): string[] =>
    all.filter(({ value }) => value === kind).map((one) => one.before);
  return {
    choices: all.flatMap(({ before: text, value }) =>
      typeof value === "string" ? [] : [{ before: text, choices: value }],
    ),
    files: patternOf(before("file")),
    others: patternOf(before("other")),
  };
};

/** Each command by the words so far and its own name, as the scripts walk down. */
const stepsOf = (tree: readonly CompletedCommand[]): string[] =>
  tree
    .filter(({ path }) => path !== "")
    .map(({ path }) => (path.includes(" ") ? path : ` ${path}`));

const lines = (parts: readonly (string | undefined)[]): string =>
  `${parts.filter((part) => part !== undefined).join("\n")}\n`;

const wordsOf = ({ subcommands, argument }: CompletedCommand): string[] => [
  ...subcommands.map(({ name }) => name),
  ...(typeof argument === "string" ? [] : argument),
];

export const bashCompletion = (tree: readonly CompletedCommand[]): string => {
  const { choices, files, others } = valuesOf(tree);
  return lines([
    "# Completion of load-manager for bash.",
    "_load_manager() {",
    '  local current="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}" at="" words="" options="" word',
    // bash splits --output=json into three words.
    '  if [ "$current" = "=" ]; then current=""; elif [ "$before" = "=" ]; then before="${COMP_WORDS[COMP_CWORD-2]}"; fi',
    "  COMPREPLY=()",
    '  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
    '    case "$at $word" in',
    `      ${patternOf(stepsOf(tree))}) at="\${at:+$at }$word" ;;`,
    "    esac",
    "  done",
    '  case "$at $before" in',
    ...choices.map(
      (one) =>
        `    "${one.before}") COMPREPLY=($(compgen -W "${one.choices.join(" ")}" -- "$current")); return ;;`,
    ),
    // Nothing in COMPREPLY: bash completes files by itself.
    files === undefined ? undefined : `    ${files}) return ;;`,
    others === undefined
      ? undefined
      : `    ${others}) compopt +o default +o bashdefault 2>/dev/null; return ;;`,
    "  esac",
    '  case "$at" in',
    ...tree.map(
      (one) =>
        `    "${one.path}") words="${wordsOf(one).join(" ")}"; options="${one.options.map(({ name }) => name).join(" ")}" ;;`,
    ),
    "  esac",
    '  case "$current" in -*) words="$options" ;; esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    "}",
    "complete -o bashdefault -o default -F _load_manager load-manager",
  ]);
};

const zshText = (name: string, description: string): string =>
  `'${`${name.replaceAll(":", String.raw`\:`)}:${description}`.replaceAll("'", String.raw`'\''`)}'`;

export const zshCompletion = (tree: readonly CompletedCommand[]): string => {
  const { choices, files, others } = valuesOf(tree);
  return lines([
    "#compdef load-manager",
    "# Completion of load-manager for zsh.",
    "_load_manager() {",
    '  local at="" word before="${words[CURRENT-1]}"',
    "  local -a found options",
    '  for word in "${(@)words[2,CURRENT-1]}"; do',
    '    case "$at $word" in',
    `      (${patternOf(stepsOf(tree))}) at="\${at:+$at }$word" ;;`,
    "    esac",
    "  done",
    '  case "$at $before" in',
    ...choices.map((one) => `    ("${one.before}") compadd -- ${one.choices.join(" ")}; return ;;`),
    files === undefined ? undefined : `    (${files}) _files; return ;;`,
    others === undefined ? undefined : `    (${others}) return ;;`,
    "  esac",
    '  case "$at" in',
    ...tree.map((one) => {
      const words = [
        ...one.subcommands.map(({ name, description }) => zshText(name, description)),
        ...(typeof one.argument === "string" ? [] : one.argument),
      ];
      const options = one.options.map(({ name, description }) => zshText(name, description));
      return `    ("${one.path}") found=(${words.join(" ")}); options=(${options.join(" ")}) ;;`;
    }),
    "  esac",
    '  if [[ "$PREFIX" == -* ]]; then _describe option options',
    "  elif (( $#found )); then _describe command found",
    "  else _files; fi",
    "}",
    // A file of $fpath is the function's own body; one that is sourced defines it.
    'if [ "$funcstack[1]" = "_load_manager" ]; then _load_manager "$@"; else compdef _load_manager load-manager; fi',
  ]);
};

const fishText = (text: string): string =>
  `'${text.replaceAll("\\", String.raw`\\`).replaceAll("'", String.raw`\'`)}'`;

export const fishCompletion = (tree: readonly CompletedCommand[]): string => {
  const steps = stepsOf(tree).map((step) => fishText(step));
  const lineOf = (path: string, rest: string): string =>
    `complete -c load-manager -n ${fishText(`__load_manager_at "${path}"`)} ${rest}`;
  return lines([
    "# Completion of load-manager for fish.",
    "function __load_manager_at",
    '  set -l at ""',
    "  for word in (commandline -opc)[2..-1]",
    '    switch "$at $word"',
    `      case ${steps.join(" ")}`,
    '        set at (string trim -- "$at $word")',
    "    end",
    "  end",
    '  test "$at" = "$argv[1]"',
    "end",
    "complete -c load-manager -f",
    ...tree.flatMap(({ path, subcommands, options, argument }) => [
      ...subcommands.map(({ name, description }) =>
        lineOf(path, `-a ${name} -d ${fishText(description)}`),
      ),
      ...(argument === "file" ? [lineOf(path, "-F")] : []),
      ...(typeof argument === "string" ? [] : [lineOf(path, `-a '${argument.join(" ")}'`)]),
      ...options.map(({ name, description, value }) => {
        const what = `-l ${name.replace(/^--/, "")} -d ${fishText(description)}`;
        if (value === "none") return lineOf(path, what);
        if (value === "file") return lineOf(path, `${what} -r -F`);
        return lineOf(
          path,
          value === "other" ? `${what} -x` : `${what} -x -a '${value.join(" ")}'`,
        );
      }),
    ]),
  ]);
};
