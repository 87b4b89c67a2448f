import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useMay } from "../../components/use-may.ts";
import { percent, responseTime, text } from "../../format/numbers.ts";
import { type CriterionDraft, newCriterion } from "./criteria-draft.ts";
import styles from "./criteria.module.css";
import { CriterionRow } from "./criterion-row.tsx";
import { type DryRun, nameOfRun, useDryRun, useEndpointsOf } from "./dry-run.ts";
import { moved } from "./settings-draft.ts";
import type { SettingsProps } from "./settings-form.ts";
import { useRowFocus } from "./use-row-focus.ts";

const MOST = 100;

/** What most load tests ask first, with what the last run had. */
const Examples = ({
  run,
  onAdd,
}: {
  readonly run: DryRun["run"];
  readonly onAdd: (expression: string) => void;
}): ReactNode => {
  const examples = [
    { expression: "p95 < 500 ms", figure: responseTime(run?.p95ResponseMs) },
    { expression: "errorRate < 1 %", figure: percent(run?.errorRate) },
  ];
  return (
    <div className={styles["examples"]}>
      <p className="muted">
        Without criteria a run neither passes nor fails. The usual ones to begin with:
      </p>
      {examples.map(({ expression, figure }) => (
        <div key={expression} className={styles["example"]}>
          <Button size="compact-sm" onClick={() => onAdd(expression)}>
            <code>{expression}</code>
          </Button>
          {run !== undefined && (
            <span className="muted">
              {nameOfRun(run)} had {text(figure)}
            </span>
          )}
        </div>
      ))}
    </div>
  );
};

const Tried = ({ dryRun: { run, error } }: { readonly dryRun: DryRun }): ReactNode => {
  if (run === undefined)
    return <p className="muted">No run of this load test has ended yet to try them on.</p>;
  if (error !== undefined)
    return (
      <p className="muted">
        They could not be tried on {nameOfRun(run)}: {error}
      </p>
    );
  return (
    <p className="muted">
      Below each: what it would have come to in {nameOfRun(run)}, the last run.
    </p>
  );
};

/** The criteria of a load test or of one run, each tried on the last run while it is typed. */
export const CriteriaFields = ({ loadTest, form, stored }: SettingsProps): ReactNode => {
  const { criteria } = form.draft;
  const { rows, focusOn } = useRowFocus<HTMLOListElement>();
  const dryRun = useDryRun(
    loadTest,
    criteria.map(({ expression }) => expression),
  );
  const endpoints = useEndpointsOf(dryRun.run?.id);
  const isReadOnly = !useMay(stored === undefined ? "loadTests.write" : "runs.start", loadTest);
  const set = (changed: readonly CriterionDraft[]): void => form.set({ criteria: changed });
  const addAt = (index: number, expression = ""): void => {
    if (isReadOnly || criteria.length >= MOST) return;
    focusOn({ row: index, name: "expression" });
    set(criteria.toSpliced(index, 0, newCriterion(expression)));
  };
  const move = (from: number, to: number, name: string): void => {
    // At the ends a button cannot be used any more, and would lose the focus.
    const isAtEnd = (name === "up" && to === 0) || (name === "down" && to === criteria.length - 1);
    focusOn({ row: to, name: isAtEnd ? "expression" : name });
    set(moved(criteria, from, to));
  };
  return (
    <div className={styles["criteria"]}>
      {criteria.length === 0 ? (
        <Examples run={dryRun.run} onAdd={(expression) => addAt(0, expression)} />
      ) : (
        <Tried dryRun={dryRun} />
      )}
      <ol ref={rows}>
        {criteria.map((draft, index) => (
          <CriterionRow
            // A new criterion has no name: its place is what it is known by.
            key={index}
            form={form}
            index={index}
            count={criteria.length}
            draft={draft}
            endpoints={endpoints}
            dryRun={dryRun}
            isReadOnly={isReadOnly}
            onChange={(changed) => set(criteria.with(index, changed))}
            onMove={(to, name) => move(index, to, name)}
            onRemove={() => {
              focusOn({ row: Math.max(0, index - 1), name: "expression" });
              set(criteria.toSpliced(index, 1));
            }}
            onEnter={() => addAt(index + 1)}
          />
        ))}
      </ol>
      {form.errorAt("criteria") !== undefined && (
        <p className={styles["wrong"]} role="alert">
          {form.errorAt("criteria")}
        </p>
      )}
      <Button
        size="compact-sm"
        leftSection={<IconPlus size={14} stroke={1.5} />}
        disabled={isReadOnly || criteria.length >= MOST}
        onClick={() => addAt(criteria.length)}
      >
        Add criterion
      </Button>
    </div>
  );
};
