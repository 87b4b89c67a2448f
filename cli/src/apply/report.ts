import { Criterion } from "@load-manager/contract/model/criterion.ts";
import type { Change } from "./changes.ts";
import type { Planned } from "./plan.ts";
import type { ScriptChange } from "./script-change.ts";
import type { Progress } from "./write.ts";

type Outcome = "create" | "change" | "created" | "changed" | "unchanged" | "failed" | "not reached";

/** What is said of one load test; `--output json` prints it so. Secret values are `***`. */
export type Reported = {
  readonly name: string;
  readonly id?: string;
  /** `create` and `change` are those of a dry run. */
  readonly outcome: Outcome;
  readonly changes: readonly Change[];
  readonly script?: ScriptChange;
  /** Hidden values that only the server could compare; empty where it has told that none of them changed. */
  readonly notCompared: readonly string[];
  readonly warnings: readonly string[];
  /** What was written before the error. */
  readonly written?: readonly string[];
  readonly error?: string;
};

export const hasChanges = ({ known, changes, script }: Planned): boolean =>
  known === undefined || changes.length > 0 || script !== undefined;

const outcomeOf = (planned: Planned, progress: Progress | undefined): Outcome => {
  if (progress?.isCreated === true) return "created";
  if (progress !== undefined)
    return hasChanges(planned) || progress.isChanged === true ? "changed" : "unchanged";
  if (planned.known === undefined) return "create";
  return hasChanges(planned) ? "change" : "unchanged";
};

const reported = (
  { entry, known, changes, script, notCompared, warnings }: Planned,
  outcome: Outcome,
  id = known?.id,
): Reported => ({
  name: entry.name,
  ...(id === undefined ? {} : { id }),
  outcome,
  changes,
  ...(script === undefined ? {} : { script }),
  notCompared,
  warnings,
});

/** Of a load test that was written; without `progress` of a dry run. */
export const reportOf = (planned: Planned, progress?: Progress): Reported => {
  const outcome = outcomeOf(planned, progress);
  const report = reported(planned, outcome, progress?.id);
  return outcome === "unchanged" && progress !== undefined
    ? { ...report, notCompared: [] }
    : report;
};

/** Of a load test that could not be written, or not all of it. */
export const reportOfFailure = (planned: Planned, progress: Progress, error: string): Reported => ({
  ...reported(planned, "failed", progress.id),
  written: [
    ...(progress.isCreated === true ? ["the load test"] : []),
    ...(progress.revision === undefined ? [] : [`revision ${progress.revision} of the script`]),
  ],
  error,
});

export const reportOfNotReached = (planned: Planned): Reported => reported(planned, "not reached");

const LONGEST = 200;

/** A value in one line. */
const textOf = (value: unknown): string => {
  if (value === undefined) return "–";
  const criterion = Criterion.omit({ id: true }).strict().safeParse(value);
  const isPlain =
    criterion.success &&
    criterion.data.severity === "fail" &&
    Object.keys(criterion.data).length === 2;
  const plain = isPlain ? criterion.data.expression : value;
  const isReadable = typeof plain === "string" && /^[^\p{C}]+$/u.test(plain);
  const text = isReadable ? plain : JSON.stringify(plain);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
};

const MOST_FILES = 20;

const scriptLines = ({ path, revision, entrypoint, files }: ScriptChange): string[] => {
  if (revision === undefined) return [`  script: – → ${path} (files: ${files.length})`];
  const shown = files.slice(0, MOST_FILES).map((file) => `    ${file.kind}: ${file.path}`);
  const more = files.length - shown.length;
  return [
    `  script: revision ${revision} → ${path}`,
    ...(entrypoint === undefined
      ? []
      : [`    entrypoint: ${entrypoint.before} → ${entrypoint.after}`]),
    ...shown,
    ...(more === 0 ? [] : [`    and ${more} more`]),
  ];
};

const WORDS: Partial<Record<Outcome, string>> = { create: "to create", change: "to change" };
const wordOf = (outcome: Outcome): string => WORDS[outcome] ?? outcome;

/** Of values that answers do not show: before they are sent nobody knows whether they change. */
const hiddenLines = ({ notCompared, outcome, changes, script }: Reported): string[] => {
  if (notCompared.length === 0) return [];
  const isOnly = outcome === "changed" && changes.length === 0 && script === undefined;
  const said = isOnly ? "changed, and hidden" : "hidden, so not compared here";
  return [`  ${said}: ${notCompared.join(", ")}`];
};

/** What is said of a load test, a line each. */
export const reportLines = (report: Reported): string[] => {
  const { name, id, outcome, changes, script, warnings, written } = report;
  const head = `${name}: ${wordOf(outcome)}${id === undefined ? "" : ` (${id})`}`;
  if (outcome === "not reached") return [head];
  if (written !== undefined) {
    return [head, `  written: ${written.length === 0 ? "nothing" : written.join(", ")}`];
  }
  return [
    head,
    ...changes.map(
      ({ field, before, after }) => `  ${field}: ${textOf(before)} → ${textOf(after)}`,
    ),
    ...(script === undefined ? [] : scriptLines(script)),
    ...hiddenLines(report),
    ...warnings.map((warning) => `  warning: ${warning}`),
  ];
};

/** `1 created, 2 unchanged.` */
export const summaryOf = (reports: readonly Reported[]): string => {
  const counts = new Map<Outcome, number>();
  for (const { outcome } of reports) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const parts = [...counts].map(([outcome, count]) => `${count} ${wordOf(outcome)}`);
  return `${parts.length === 0 ? "No load tests" : parts.join(", ")}.`;
};
