import { Button, Checkbox, NativeSelect, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { IconButton } from "../../components/icon-button.tsx";
import {
  choiceFrom,
  classDraftOf,
  type ClassOutline,
  goneFrom,
  measuredBy,
  ownClasses,
  withoutGone,
} from "./class-choice.ts";
import type { ClassDraft } from "./settings-draft.ts";
import type { SettingsOfForm } from "./settings-form.ts";
import styles from "./run-settings.module.css";

const MEASURES = [
  { value: "weight", label: "weight" },
  { value: "fixedCount", label: "fixed count" },
];

/** What the script says, where nothing is typed. */
const amountOf = (by: ClassDraft["by"], outline: ClassOutline | undefined): string =>
  outline === undefined || classDraftOf(outline).by !== by
    ? "as in the script"
    : String(outline[by]);

type AmountProps = {
  readonly form: SettingsOfForm;
  readonly draft: ClassDraft;
  /** Its place among the chosen ones, by which errors name it. */
  readonly index: number;
  readonly outline: ClassOutline | undefined;
  readonly onChange: (draft: ClassDraft) => void;
};

const Amount = ({ form, draft, index, outline, onChange }: AmountProps): ReactNode => {
  const path = `userClasses[${index}].${draft.by}`;
  const name = draft.name === "" ? `Class ${index + 1}` : draft.name;
  return (
    <>
      <NativeSelect
        aria-label={`${name}, share by`}
        data={MEASURES}
        value={draft.by}
        onChange={({ currentTarget: { value } }) =>
          onChange(measuredBy(draft, value === "fixedCount" ? value : "weight", outline))
        }
      />
      <TextInput
        aria-label={`${name}, ${draft.by === "weight" ? "weight" : "fixed count"}`}
        inputMode="numeric"
        placeholder={amountOf(draft.by, outline)}
        value={draft.amount}
        error={form.errorAt(path)}
        onChange={(event) => onChange({ ...draft, amount: event.currentTarget.value })}
        onBlur={() => form.leave(path)}
      />
    </>
  );
};

/** The classes of the script, to choose among. */
const Known = ({
  form,
  outline,
}: {
  readonly form: SettingsOfForm;
  readonly outline: readonly ClassOutline[];
}): ReactNode => {
  const chosen = form.draft.userClasses ?? ownClasses(outline);
  const set = (changed: readonly ClassDraft[]): void =>
    form.set({ userClasses: choiceFrom(changed, outline) });
  return outline.map((known) => {
    const { name } = known;
    const index = chosen.findIndex((one) => one.name === name);
    const draft = chosen[index];
    return (
      <div key={name} className={styles["class"]}>
        <Checkbox
          label={<bdi>{name}</bdi>}
          error={form.errorAt(`userClasses[${index}].name`)}
          checked={draft !== undefined}
          onChange={({ currentTarget: { checked } }) =>
            set(
              checked
                ? [...chosen, classDraftOf(known)]
                : chosen.filter((one) => one.name !== name),
            )
          }
        />
        {draft !== undefined && (
          <Amount
            form={form}
            draft={draft}
            index={index}
            outline={known}
            onChange={(changed) => set(chosen.with(index, changed))}
          />
        )}
      </div>
    );
  });
};

/** Chosen classes that the script does not have any more: a run with them is refused. */
const Gone = ({
  form,
  outline,
}: {
  readonly form: SettingsOfForm;
  readonly outline: readonly ClassOutline[];
}): ReactNode => {
  const chosen = form.draft.userClasses ?? [];
  return goneFrom(chosen, outline).map(({ name }) => (
    <div key={name} className={styles["gone"]}>
      <p className={styles["wrong"]} role="alert">
        <bdi>{name}</bdi> is chosen, and the script has no such class.
      </p>
      <Button
        size="compact-sm"
        onClick={() => form.set({ userClasses: withoutGone(chosen, name, outline) })}
      >
        Remove <bdi>{name}</bdi>
      </Button>
    </div>
  ));
};

/** Names, where it is not known which classes there are. */
const Typed = ({ form }: { readonly form: SettingsOfForm }): ReactNode => {
  const chosen = form.draft.userClasses ?? [];
  const set = (userClasses: readonly ClassDraft[]): void =>
    form.set({ userClasses: userClasses.length === 0 ? undefined : userClasses });
  return (
    <>
      {chosen.map((draft, index) => (
        // A class that is being typed has no name yet.
        <div key={index} className={styles["typedClass"]}>
          <TextInput
            aria-label={`Class ${index + 1}, name`}
            placeholder="Shopper"
            value={draft.name}
            error={form.errorAt(`userClasses[${index}].name`)}
            onChange={(event) =>
              set(chosen.with(index, { ...draft, name: event.currentTarget.value }))
            }
            onBlur={() => form.leave(`userClasses[${index}].name`)}
          />
          <Amount
            form={form}
            draft={draft}
            index={index}
            outline={undefined}
            onChange={(changed) => set(chosen.with(index, changed))}
          />
          <IconButton
            icon={IconX}
            label={`Remove class ${index + 1}`}
            onClick={() => set(chosen.toSpliced(index, 1))}
          />
        </div>
      ))}
      <div>
        <Button
          size="compact-sm"
          leftSection={<IconPlus size={14} stroke={1.5} />}
          onClick={() => set([...chosen, { name: "", by: "weight", amount: "" }])}
        >
          Add class
        </Button>
      </div>
    </>
  );
};

/** Which User classes run, and with which share; as the script says where nothing is chosen. */
export const ClassFields = ({
  form,
  outline,
}: {
  readonly form: SettingsOfForm;
  readonly outline: readonly ClassOutline[] | undefined;
}): ReactNode => (
  <>
    {outline === undefined ? (
      <Typed form={form} />
    ) : (
      <>
        <Known form={form} outline={outline} />
        <Gone form={form} outline={outline} />
      </>
    )}
    {form.errorAt("userClasses") !== undefined && (
      <p className={styles["wrong"]} role="alert">
        {form.errorAt("userClasses")}
      </p>
    )}
    {form.draft.userClasses !== undefined && (
      <div>
        <Button size="compact-sm" onClick={() => form.set({ userClasses: undefined })}>
          As the script says
        </Button>
      </div>
    )}
  </>
);
