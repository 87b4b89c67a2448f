import { readFileSync } from "node:fs";
import { formatExpression } from "@load-manager/contract/criteria/format.ts";
import { nearestOf } from "@load-manager/contract/criteria/nearest.ts";
import { faultMessage, faultText, parseExpression } from "@load-manager/contract/criteria/parse.ts";
import type { SyntaxFault } from "@load-manager/contract/criteria/tokens.ts";
import { AppError, messageOf } from "@load-manager/server/lib/errors.ts";

const SEVERITIES = ["fail", "warn"] as const;
type Severity = (typeof SEVERITIES)[number];

/** A criterion as people write it: an expression, after `warn:` one that is only warned of. */
type WrittenCriterion = { readonly expression: string; readonly severity: Severity };

type Read =
  | { readonly ok: true; readonly criterion: WrittenCriterion }
  /** Columns count from the beginning of the line. */
  | { readonly ok: false; readonly fault: SyntaxFault };

/** A word and a colon before the expression, in which no colon can stand so early. */
const PREFIX = /^\s*([A-Za-z]+)\s*:/;

const readCriterion = (line: string): Read => {
  const [prefix = "", word] = PREFIX.exec(line) ?? [];
  const severity = word === undefined ? "fail" : SEVERITIES.find((one) => one === word);
  if (severity === undefined) {
    const message = `the severity ${word} is unknown; known are ${SEVERITIES.join(" and ")}`;
    const given = (word ?? "").toLowerCase();
    const proposal =
      SEVERITIES.find((one) => given.startsWith(one)) ?? nearestOf(given, SEVERITIES);
    const column = prefix.search(/\S/) + 1;
    return { ok: false, fault: { column, length: word?.length ?? 0, message, proposal } };
  }
  const parsed = parseExpression(line.slice(prefix.length));
  if (parsed.ok)
    return { ok: true, criterion: { expression: formatExpression(parsed.expression), severity } };
  const { fault } = parsed;
  return { ok: false, fault: { ...fault, column: fault.column + prefix.length } };
};

/** The criterion in its usual spelling. */
export const formatCriterion = ({ expression, severity }: WrittenCriterion): string =>
  severity === "fail" ? expression : `${severity}: ${expression}`;

/** The line, and below it marks under what is meant. */
const marked = (line: string, { column, length }: SyntaxFault): string => {
  const before = line.slice(0, column - 1).replaceAll(/[^\t]/g, " ");
  const marks = "^".repeat(Math.max(1, Math.min(length, line.length - column + 1)));
  return `  ${line}\n  ${before}${marks}`;
};

export type CheckedCriteria = {
  readonly criteria: readonly WrittenCriterion[];
  /** One text for each line with a fault: where it is, what is wrong, and the line with marks. */
  readonly faults: readonly string[];
};

/** Reads lines with a criterion each; `placeOf` names a line, which counts from 0, and a column in it. */
const checked = (
  lines: readonly (readonly [index: number, line: string])[],
  placeOf: (index: number, fault: SyntaxFault) => string,
): CheckedCriteria => {
  const criteria: WrittenCriterion[] = [];
  const faults: string[] = [];
  for (const [index, line] of lines) {
    const read = readCriterion(line);
    if (read.ok) criteria.push(read.criterion);
    else faults.push(`${placeOf(index, read.fault)}\n${marked(line, read.fault)}`);
  }
  return { criteria, faults };
};

/** Criteria that stand in the command line. */
export const checkArguments = (expressions: readonly string[]): CheckedCriteria =>
  checked([...expressions.entries()], (_, fault) => faultMessage(fault));

const textOfFile = (file: string): string => {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new AppError(
      "validation",
      `The criteria in ${file} cannot be read: ${messageOf(error)}.`,
    );
  }
};

/** Criteria of a file: one a line, without empty lines and those that begin with `#`. Throws AppError validation where it cannot be read. */
export const checkFile = (file: string): CheckedCriteria => {
  const lines = textOfFile(file)
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\n|\r/);
  const written = [...lines.entries()].filter(([, line]) => !/^\s*(?:#|$)/.test(line));
  return checked(
    written,
    (index, fault) => `${file}:${index + 1}:${fault.column}: ${faultText(fault)}`,
  );
};

/** The criteria of a file for a run. Throws AppError validation with every fault, and where there is no criterion. */
export const criteriaIn = (file: string): readonly WrittenCriterion[] => {
  const { criteria, faults } = checkFile(file);
  if (faults.length > 0) throw new AppError("validation", faults.join("\n"));
  if (criteria.length === 0)
    throw new AppError(
      "validation",
      `${file} has no criterion; a run without one is never judged.`,
    );
  return criteria;
};
