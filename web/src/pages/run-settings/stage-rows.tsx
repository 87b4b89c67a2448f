import { Button, TextInput } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconPlus, IconX } from "@tabler/icons-react";
import type { KeyboardEvent, ReactNode } from "react";
import { IconButton } from "../../components/icon-button.tsx";
import { moved, type StageDraft } from "./settings-draft.ts";
import type { SettingsOfForm } from "./settings-form.ts";
import styles from "./run-settings.module.css";
import { useRowFocus } from "./use-row-focus.ts";

const MOST = 100;
const CELLS = [
  { key: "duration", path: "durationSeconds", label: "duration", placeholder: "1 min" },
  { key: "users", path: "users", label: "users", placeholder: "10" },
  { key: "spawnRate", path: "spawnRate", label: "spawn rate", placeholder: "at once" },
] as const;

/** A new stage is like the last one. */
const AFTER_NONE: StageDraft = { duration: "1 min", users: "10", spawnRate: "" };

type RowProps = {
  readonly form: SettingsOfForm;
  readonly index: number;
  readonly stage: StageDraft;
  readonly count: number;
  readonly onChange: (stage: StageDraft) => void;
  readonly onMove: (to: number, name: string) => void;
  readonly onRemove: () => void;
};

const Row = ({ form, index, stage, count, onChange, onMove, onRemove }: RowProps): ReactNode => {
  const number = index + 1;
  const keys = (event: KeyboardEvent, name: string): void => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!event.altKey || step === undefined) return;
    event.preventDefault();
    const to = index + step;
    if (to >= 0 && to < count) onMove(to, name);
  };
  return (
    <div role="row" data-at={index} className={styles["stage"]}>
      <span role="rowheader" className="muted">
        {number}
      </span>
      {CELLS.map(({ key, path, label, placeholder }) => {
        const whole = `loadProfile.stages[${index}].${path}`;
        return (
          <div key={key} role="cell" data-name={key}>
            <TextInput
              aria-label={`Stage ${number}, ${label}`}
              inputMode={key === "duration" ? "text" : key === "users" ? "numeric" : "decimal"}
              placeholder={placeholder}
              value={stage[key]}
              error={form.errorAt(whole)}
              onChange={(event) => onChange({ ...stage, [key]: event.currentTarget.value })}
              onBlur={() => form.leave(whole)}
              onKeyDown={(event) => keys(event, key)}
            />
          </div>
        );
      })}
      <div role="cell" className={styles["verbs"]}>
        <span data-name="up">
          <IconButton
            icon={IconArrowUp}
            label={`Move stage ${number} up`}
            disabled={index === 0}
            onClick={() => onMove(index - 1, "up")}
          />
        </span>
        <span data-name="down">
          <IconButton
            icon={IconArrowDown}
            label={`Move stage ${number} down`}
            disabled={number === count}
            onClick={() => onMove(index + 1, "down")}
          />
        </span>
        <span data-name="remove">
          <IconButton
            icon={IconX}
            label={`Remove stage ${number}`}
            disabled={count === 1}
            onClick={onRemove}
          />
        </span>
      </div>
    </div>
  );
};

/** The stages of a load profile. Alt with an arrow moves the stage in whose fields one is. */
export const StageRows = ({ form }: { readonly form: SettingsOfForm }): ReactNode => {
  const { stages } = form.draft;
  const { rows, focusOn } = useRowFocus<HTMLDivElement>();
  const set = (changed: readonly StageDraft[]): void => form.set({ stages: changed });
  const add = (): void => {
    focusOn({ row: stages.length, name: "duration" });
    set([...stages, stages.at(-1) ?? AFTER_NONE]);
  };
  const move = (from: number, to: number, name: string): void => {
    // At the ends a button cannot be used any more, and would lose the focus.
    const isAtEnd = (name === "up" && to === 0) || (name === "down" && to === stages.length - 1);
    focusOn({ row: to, name: isAtEnd ? "duration" : name });
    set(moved(stages, from, to));
  };
  return (
    <div>
      <div role="table" aria-label="Stages" ref={rows}>
        <div role="row" className={styles["stageHead"]}>
          <span role="columnheader">
            <span className="sr-only">Number</span>
          </span>
          <span role="columnheader">Duration</span>
          <span role="columnheader">Users</span>
          <span role="columnheader">Spawn rate</span>
          <span role="columnheader">
            <span className="sr-only">Order</span>
          </span>
        </div>
        {stages.map((stage, index) => (
          <Row
            // A stage has no name: its place is what it is known by.
            key={index}
            form={form}
            index={index}
            stage={stage}
            count={stages.length}
            onChange={(changed) => set(stages.with(index, changed))}
            onMove={(to, name) => move(index, to, name)}
            onRemove={() => {
              focusOn({ row: Math.max(0, index - 1), name: "duration" });
              set(stages.toSpliced(index, 1));
            }}
          />
        ))}
      </div>
      {form.errorAt("loadProfile.stages") !== undefined && (
        <p className={styles["wrong"]} role="alert">
          {form.errorAt("loadProfile.stages")}
        </p>
      )}
      <Button
        size="compact-sm"
        mt={4}
        leftSection={<IconPlus size={14} stroke={1.5} />}
        disabled={stages.length >= MOST}
        onClick={add}
      >
        Add stage
      </Button>
    </div>
  );
};
