// Finds Python functions that are too long and files that should be split. .oxlintrc.json limits TypeScript functions.
const LONGEST_FUNCTION = 80;
const LONG_FILE = 400;
/** Files of others, unchanged. */
const NOT_OURS = "e2e/scripts/locust-examples/";

const indentOf = (line) => line.length - line.trimStart().length;

/** For each line: whether it begins inside a triple-quoted string, where indentation has no meaning. */
const insideTexts = (lines) => {
  let open;
  return lines.map((line) => {
    const began = open !== undefined;
    for (const [quote] of line.matchAll(/"""|'''/g)) {
      if (open === undefined) open = quote;
      else if (open === quote) open = undefined;
    }
    return began;
  });
};

/** → { name, line, length } of each function, from its `def` to its last non-empty line. */
export const pythonFunctions = (text) => {
  const lines = text.split("\n");
  const insideText = insideTexts(lines);
  return lines.flatMap((line, first) => {
    const name = /^\s*(?:async\s+)?def\s+(\w+)/.exec(line)?.[1];
    if (name === undefined || insideText[first]) return [];
    let last = first;
    for (let at = first + 1; at < lines.length; at += 1) {
      const next = lines[at];
      if (next.trim() === "") continue;
      // The bracket that closes a list of arguments has the indentation of `def`.
      const belongs = insideText[at] || indentOf(next) > indentOf(line) || /^\s*\)/.test(next);
      if (!belongs) break;
      last = at;
    }
    return [{ name, line: first + 1, length: last - first + 1 }];
  });
};

export const longPythonFunctions = (sources) =>
  sources
    .filter(({ file }) => file.endsWith(".py") && !file.startsWith(NOT_OURS))
    .flatMap(({ file, text }) =>
      pythonFunctions(text)
        .filter(({ length }) => length > LONGEST_FUNCTION)
        .map(
          ({ name, line, length }) =>
            `${file}:${line} ${name} has ${length} lines; ${LONGEST_FUNCTION} is the most`,
        ),
    );

export const longFiles = (sources) =>
  sources
    .map(({ file, text }) => [file, text.split("\n").length - 1])
    .filter(([, lines]) => lines > LONG_FILE)
    .map(([file, lines]) => `${file} has ${lines} lines; above ${LONG_FILE} split it`);
