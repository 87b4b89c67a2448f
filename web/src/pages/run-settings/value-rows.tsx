import { Button, PasswordInput, TextInput } from "@mantine/core";
import { HIDDEN } from "@load-manager/contract/model/hidden-values.ts";
import { IconPlus, IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { IconButton } from "../../components/icon-button.tsx";
import styles from "./run-settings.module.css";
import type { SettingsOfForm } from "./settings-form.ts";

type Row = { readonly name: string; readonly value: string };

type Props = {
  readonly form: SettingsOfForm;
  readonly rows: readonly Row[];
  readonly onChange: (rows: readonly Row[]) => void;
  /** The field of the API, by which errors name a row. */
  readonly field: "environment" | "scriptOptions";
  /** `variable`, `option` */
  readonly word: string;
  /** Values are not to be read over somebody's shoulder. */
  readonly isSecret: boolean;
  /** The names that the load test has: a run keeps them, and may give them other values. */
  readonly kept: readonly string[];
  readonly placeholder: string;
};

/** Names with values. */
export const ValueRows = (props: Props): ReactNode => {
  const { form, rows, onChange, field, word, isSecret, kept, placeholder } = props;
  const Value = isSecret ? PasswordInput : TextInput;
  return (
    <>
      {rows.map((row, index) => {
        const path = `${field}.${row.name.trim()}`;
        const isKept = kept.includes(row.name);
        const title = row.name === "" ? `${word} ${index + 1}` : row.name;
        return (
          // A row that is being typed has no name yet.
          <div key={index} className={styles["value"]}>
            <TextInput
              aria-label={`Name of ${word} ${index + 1}`}
              placeholder={placeholder}
              spellCheck={false}
              autoComplete="off"
              readOnly={isKept}
              value={row.name}
              error={form.errorAt(path)}
              onChange={(event) =>
                onChange(rows.with(index, { ...row, name: event.currentTarget.value }))
              }
              onBlur={() => form.leave(path)}
            />
            <Value
              aria-label={`Value of ${title}`}
              autoComplete="new-password"
              value={row.value}
              onChange={(event) =>
                onChange(rows.with(index, { ...row, value: event.currentTarget.value }))
              }
              onBlur={() => form.leave(path)}
              onFocus={(event) => {
                // What is typed takes the place of a hidden value, and is not added to it.
                if (row.value === HIDDEN) event.currentTarget.select();
              }}
            />
            <IconButton
              icon={IconX}
              label={isKept ? `${row.name} is the load test’s: a run keeps it` : `Remove ${title}`}
              disabled={isKept}
              onClick={() => onChange(rows.toSpliced(index, 1))}
            />
          </div>
        );
      })}
      {form.errorAt(field) !== undefined && (
        <p className={styles["wrong"]} role="alert">
          {form.errorAt(field)}
        </p>
      )}
      <div>
        <Button
          size="compact-sm"
          leftSection={<IconPlus size={14} stroke={1.5} />}
          onClick={() => onChange([...rows, { name: "", value: "" }])}
        >
          Add {word}
        </Button>
      </div>
    </>
  );
};
