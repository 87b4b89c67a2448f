import type { Criterion } from "@load-manager/contract/model/criterion.ts";
import type { FieldErrors } from "../../api/form-errors.ts";
import { typedDuration } from "../../format/times.ts";
import { typedSeconds, UNREADABLE } from "../../format/typed.ts";
import { definedOnly } from "../../lib/values.ts";

/** A criterion as somebody types it. */
export type CriterionDraft = {
  /** Absent of a new one: the server makes it. */
  readonly id?: string | undefined;
  readonly name: string;
  readonly expression: string;
  readonly severity: Criterion["severity"];
  /** A duration; empty: the run goes on. */
  readonly abortAfter: string;
};

export const newCriterion = (expression: string): CriterionDraft => ({
  name: "",
  expression,
  severity: "fail",
  abortAfter: "",
});

export const criteriaDraftOf = (
  criteria: readonly Criterion[] | undefined = [],
): readonly CriterionDraft[] =>
  criteria.map(({ id, name = "", expression, severity, abort }) => ({
    id,
    name,
    expression,
    severity,
    abortAfter: abort === undefined ? "" : typedDuration(abort.afterSeconds),
  }));

/** The criteria of a request; absent without any. */
export const criteriaOf = (drafts: readonly CriterionDraft[]) =>
  drafts.length === 0
    ? undefined
    : drafts.map(({ id, name, expression, severity, abortAfter }) => {
        const afterSeconds = typedSeconds(abortAfter);
        return definedOnly({
          id,
          name: name.trim() || undefined,
          expression: expression.trim(),
          severity,
          abort: afterSeconds === undefined ? undefined : { afterSeconds },
        });
      });

/** What no schema sees: texts that are no duration. */
export const criteriaErrors = (drafts: readonly CriterionDraft[]): FieldErrors =>
  Object.fromEntries(
    drafts.flatMap(({ abortAfter }, index) =>
      Number.isNaN(typedSeconds(abortAfter))
        ? [[`criteria[${index}].abort.afterSeconds`, UNREADABLE]]
        : [],
    ),
  );

/** Said with a criterion in one line: `Few errors; only warns; ends the run after 20 s`. */
export const criterionHead = ({ name, severity, abortAfter }: CriterionDraft): string =>
  [
    ...(name.trim() === "" ? [] : [name.trim()]),
    severity === "fail" ? "fails the run" : "only warns",
    ...(abortAfter.trim() === "" ? [] : [`ends the run after ${abortAfter.trim()}`]),
  ].join("; ");

/** Of the head of a folded part: how many a run has, and whether they are its own. */
export const criteriaHead = (
  own: readonly CriterionDraft[],
  stored: readonly Criterion[] | undefined = [],
  isOwn: boolean,
): string | undefined => {
  if (isOwn) return own.length === 0 ? "none for this run" : `${own.length} for this run`;
  return stored.length === 0 ? undefined : `${stored.length} of the load test`;
};
