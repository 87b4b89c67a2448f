import { Checkbox, PasswordInput, Select, TagsInput, TextInput } from "@mantine/core";
import { HIDDEN } from "@load-manager/contract/model/hidden-values.ts";
import type { OptionValue } from "@load-manager/contract/model/script-options.ts";
import type { ScriptOption } from "@load-manager/contract/model/script-outline.ts";
import type { ReactNode } from "react";
import { numberOfText, textOfValue, valueOfText } from "./option-text.ts";
import type { OptionDraft } from "./settings-draft.ts";
import type { SettingsProps } from "./settings-form.ts";
import { ValueRows } from "./value-rows.tsx";

type FieldProps = {
  readonly option: ScriptOption;
  readonly value: OptionValue | undefined;
  /** What applies where nothing is given: the load test's value, or the script's. */
  readonly otherwise: OptionValue | undefined;
  readonly error: string | undefined;
  readonly onChange: (value: OptionValue | undefined) => void;
  readonly onBlur: () => void;
};

const unlessEmpty = (text: string): string | undefined => (text === "" ? undefined : text);

const Flag = ({ value, otherwise, onChange, ...props }: Omit<FieldProps, "option">): ReactNode => {
  const isOn = otherwise === true;
  return (
    <Checkbox
      {...props}
      checked={typeof value === "boolean" ? value : isOn}
      onChange={({ currentTarget: { checked } }) =>
        onChange(checked === isOn ? undefined : checked)
      }
    />
  );
};

/** One option, by what a value must be. Nothing in it means what would be without it. */
const OptionField = ({ option, otherwise, ...given }: FieldProps): ReactNode => {
  const { name, help, type, whole, multiple, required, secret, choices } = option;
  const { value, onChange } = given;
  const isHidden = secret || value === HIDDEN;
  const placeholder = otherwise === undefined || secret ? "" : [otherwise].flat().join(", ");
  const shared = {
    label: <bdi>{name}</bdi>,
    description: help,
    withAsterisk: required,
    error: given.error,
    onBlur: given.onBlur,
  };
  if (type === "boolean" && !isHidden)
    return <Flag {...given} otherwise={otherwise} {...{ label: name, description: help }} />;
  if (multiple === true && !isHidden)
    return (
      <TagsInput
        {...shared}
        placeholder={Array.isArray(value) && value.length > 0 ? "" : placeholder}
        value={Array.isArray(value) ? value : []}
        data={choices ?? []}
        onChange={(list) => onChange(list.length === 0 ? undefined : list)}
      />
    );
  if (type === "choice" && !isHidden)
    return (
      <Select
        {...shared}
        placeholder={placeholder}
        data={choices ?? []}
        value={value === undefined ? null : textOfValue(value)}
        clearable
        clearButtonProps={{ "aria-label": `Clear ${name}` }}
        onChange={(chosen) => onChange(chosen ?? undefined)}
      />
    );
  const text = {
    ...shared,
    placeholder,
    value: value === undefined ? "" : textOfValue(value),
    autoComplete: "new-password",
    onFocus: (event: { readonly currentTarget: HTMLInputElement }) => {
      // What is typed takes the place of a hidden value, and is not added to it.
      if (value === HIDDEN) event.currentTarget.select();
    },
  };
  if (isHidden)
    return (
      <PasswordInput
        {...text}
        onChange={(event) => onChange(unlessEmpty(event.currentTarget.value))}
      />
    );
  return (
    <TextInput
      {...text}
      inputMode={type !== "number" ? "text" : whole === true ? "numeric" : "decimal"}
      onChange={({ currentTarget: { value: typed } }) =>
        onChange(typed === "" ? undefined : type === "number" ? numberOfText(typed) : typed)
      }
    />
  );
};

/** The list without the option, or with its new value. */
const withOption = (
  options: readonly OptionDraft[],
  name: string,
  value: OptionValue | undefined,
): readonly OptionDraft[] => {
  const index = options.findIndex((one) => one.name === name);
  if (value === undefined) return options.filter((one) => one.name !== name);
  return index === -1 ? [...options, { name, value }] : options.with(index, { name, value });
};

/** The options that the script adds to Locust's, each as it is; others, or all where they are not known, as names with values. */
export const OptionFields = ({
  form,
  stored,
  known,
}: Omit<SettingsProps, "loadTest"> & {
  readonly known: readonly ScriptOption[] | undefined;
}): ReactNode => {
  const { scriptOptions } = form.draft;
  const names = new Set(known?.map(({ name }) => name));
  const [typed, others] = [
    scriptOptions.filter(({ name }) => names.has(name)),
    scriptOptions.filter(({ name }) => !names.has(name)),
  ];
  const set = (changed: readonly OptionDraft[]): void => form.set({ scriptOptions: changed });
  return (
    <>
      {known?.map((option) => {
        const path = `scriptOptions.${option.name}`;
        const ofLoadTest = stored?.scriptOptions?.[option.name] as OptionValue | undefined;
        return (
          <OptionField
            key={option.name}
            option={option}
            value={scriptOptions.find(({ name }) => name === option.name)?.value}
            otherwise={ofLoadTest ?? option.default}
            error={form.errorAt(path)}
            onChange={(value) => set(withOption(scriptOptions, option.name, value))}
            onBlur={() => form.leave(path)}
          />
        );
      })}
      {known?.length === 0 && <p className="muted">The script adds no options to Locust’s own.</p>}
      {(known === undefined || others.length > 0) && (
        <ValueRows
          form={form}
          rows={others.map(({ name, value }) => ({ name, value: textOfValue(value) }))}
          onChange={(rows) =>
            set([...typed, ...rows.map(({ name, value }) => ({ name, value: valueOfText(value) }))])
          }
          field="scriptOptions"
          word="option"
          isSecret={false}
          kept={Object.keys(stored?.scriptOptions ?? {})}
          placeholder="category"
        />
      )}
    </>
  );
};
