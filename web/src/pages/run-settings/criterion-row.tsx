import { Button, Select, TextInput } from "@mantine/core";
import {
  IconArrowDown,
  IconArrowUp,
  IconChevronDown,
  IconChevronRight,
  IconX,
} from "@tabler/icons-react";
import { parseExpression } from "@load-manager/contract/criteria/parse.ts";
import { type ReactNode, useId, useState } from "react";
import { IconButton } from "../../components/icon-button.tsx";
import { Verdict } from "../../components/verdict.tsx";
import { ExpressionEditor } from "../../editor/expression-editor.tsx";
import { type CriterionDraft, criterionHead } from "./criteria-draft.ts";
import styles from "./criteria.module.css";
import { completionsAt } from "./criterion-completion.ts";
import { type DryRun, outcomeText } from "./dry-run.ts";
import type { SettingsOfForm } from "./settings-form.ts";

const EXAMPLE = "p95(POST /checkout) < 500 ms";
const SEVERITIES = [
  { value: "fail", label: "fails the run" },
  { value: "warn", label: "only warns" },
];

type Props = {
  readonly form: SettingsOfForm;
  readonly index: number;
  readonly count: number;
  readonly draft: CriterionDraft;
  readonly endpoints: readonly string[];
  readonly dryRun: DryRun;
  readonly isReadOnly: boolean;
  readonly onChange: (draft: CriterionDraft) => void;
  readonly onMove: (to: number, name: string) => void;
  readonly onRemove: () => void;
  readonly onEnter: () => void;
};

type Fault = Extract<ReturnType<typeof parseExpression>, { readonly ok: false }>["fault"];

/** What is wrong at its column, with a button for what could stand there. */
const FaultText = ({
  text,
  fault: { column, length, message, proposal },
  onChange,
}: {
  readonly text: string;
  readonly fault: Fault;
  readonly onChange: (text: string) => void;
}): ReactNode => {
  const mended =
    proposal === undefined
      ? undefined
      : `${text.slice(0, column - 1)}${proposal}${text.slice(column - 1 + length)}`.trimEnd();
  return (
    <>
      Column {column}: {message}.{" "}
      {mended !== undefined && (
        <Button size="compact-xs" onClick={() => onChange(mended)}>
          {proposal === "" ? "Remove it" : `Write ${proposal}`}
        </Button>
      )}
    </>
  );
};

/** What the expression would have come to in the last run, or what is wrong with it. */
const Outcome = ({
  text,
  fault,
  refused,
  dryRun,
  onChange,
}: {
  readonly text: string;
  readonly fault: Fault | undefined;
  readonly refused: string | undefined;
  readonly dryRun: DryRun;
  readonly onChange: (text: string) => void;
}): ReactNode => {
  if (fault !== undefined && text !== "")
    return (
      <span className={styles["wrong"]}>
        <FaultText text={text} fault={fault} onChange={onChange} />
      </span>
    );
  if (refused !== undefined) return <span className={styles["wrong"]}>{refused}</span>;
  const outcome = fault === undefined ? dryRun.outcomeOf(text) : undefined;
  return (
    outcome !== undefined && (
      <span className={styles["outcome"]}>
        <Verdict verdict={outcome.verdict} isIcon />
        <span>{outcomeText(outcome)}</span>
      </span>
    )
  );
};

/** How it is called, and what becomes of a run that violates it. */
const Details = ({
  form,
  index,
  draft,
  onChange,
}: Pick<Props, "form" | "index" | "draft" | "onChange">): ReactNode => {
  const [nameAt, abortAt] = [`criteria[${index}].name`, `criteria[${index}].abort.afterSeconds`];
  return (
    <div className={styles["details"]}>
      <TextInput
        label="Name"
        placeholder="none"
        value={draft.name}
        error={form.errorAt(nameAt)}
        onChange={(event) => onChange({ ...draft, name: event.currentTarget.value })}
        onBlur={() => form.leave(nameAt)}
      />
      <Select
        label="Where it is violated, it"
        data={SEVERITIES}
        value={draft.severity}
        allowDeselect={false}
        onChange={(value) => onChange({ ...draft, severity: value === "warn" ? "warn" : "fail" })}
      />
      <TextInput
        label="Ends the run after"
        placeholder="never"
        value={draft.abortAfter}
        error={form.errorAt(abortAt)}
        onChange={(event) => onChange({ ...draft, abortAfter: event.currentTarget.value })}
        onBlur={() => form.leave(abortAt)}
      />
    </div>
  );
};

const Verbs = ({
  index,
  count,
  isReadOnly,
  onMove,
  onRemove,
}: Pick<Props, "index" | "count" | "isReadOnly" | "onMove" | "onRemove">): ReactNode => {
  const number = index + 1;
  return (
    <div className={styles["verbs"]}>
      <span data-name="up">
        <IconButton
          icon={IconArrowUp}
          label={`Move criterion ${number} up`}
          disabled={isReadOnly || index === 0}
          onClick={() => onMove(index - 1, "up")}
        />
      </span>
      <span data-name="down">
        <IconButton
          icon={IconArrowDown}
          label={`Move criterion ${number} down`}
          disabled={isReadOnly || number === count}
          onClick={() => onMove(index + 1, "down")}
        />
      </span>
      <span data-name="remove">
        <IconButton
          icon={IconX}
          label={`Remove criterion ${number}`}
          disabled={isReadOnly}
          onClick={onRemove}
        />
      </span>
    </div>
  );
};

/** The text of the expression. */
const ExpressionField = ({
  props: { form, index, count, draft, endpoints, isReadOnly, onChange, onMove, onEnter },
  fault,
  refused,
  describedBy,
}: {
  readonly props: Props;
  readonly fault: Fault | undefined;
  readonly refused: string | undefined;
  readonly describedBy: string;
}): ReactNode => (
  <ExpressionEditor
    value={draft.expression}
    onChange={(expression) => onChange({ ...draft, expression })}
    onBlur={() => form.leave(`criteria[${index}].expression`)}
    onEnter={onEnter}
    onMove={(step) => {
      const to = index + step;
      if (to >= 0 && to < count) onMove(to, "expression");
    }}
    fault={fault && { from: fault.column - 1, to: fault.column - 1 + fault.length }}
    isInvalid={refused !== undefined || (fault !== undefined && draft.expression !== "")}
    isReadOnly={isReadOnly}
    label={`Criterion ${index + 1}`}
    example={EXAMPLE}
    describedBy={describedBy}
    completionsAt={(text, at, isAsked) => completionsAt(text, at, { endpoints, isAsked })}
  />
);

/** One criterion: its expression, what it would have come to, and, unfolded, what else is said of it. */
export const CriterionRow = (props: Props): ReactNode => {
  const { form, index, draft, dryRun, onChange } = props;
  const [isUnfolded, setUnfolded] = useState(false);
  const outcomeId = useId();
  const path = `criteria[${index}]`;
  const parsed = parseExpression(draft.expression);
  const fault = parsed.ok ? undefined : parsed.fault;
  const refused = form.errorAt(`${path}.expression`);
  const isOpen =
    isUnfolded ||
    form.wrong.some((one) => one.startsWith(`${path}.`) && one !== `${path}.expression`);
  const Sign = isOpen ? IconChevronDown : IconChevronRight;
  const head = criterionHead(draft);
  return (
    <li data-at={index} className={styles["criterion"]}>
      <div className={styles["line"]}>
        <div data-name="expression" className={styles["expression"]}>
          <ExpressionField props={props} fault={fault} refused={refused} describedBy={outcomeId} />
        </div>
        <Verbs {...props} />
      </div>
      <div className={styles["below"]}>
        <div id={outcomeId} className={styles["said"]}>
          <Outcome
            text={draft.expression}
            fault={fault}
            refused={refused}
            dryRun={dryRun}
            onChange={(expression) => onChange({ ...draft, expression })}
          />
        </div>
        <Button
          size="compact-xs"
          variant="subtle"
          className={styles["more"]}
          aria-expanded={isOpen}
          aria-label={`Criterion ${index + 1}: ${head}. Name, severity, abort`}
          rightSection={<Sign size={14} stroke={1.5} aria-hidden />}
          onClick={() => setUnfolded(!isOpen)}
        >
          {head}
        </Button>
      </div>
      {isOpen && <Details form={form} index={index} draft={draft} onChange={onChange} />}
    </li>
  );
};
