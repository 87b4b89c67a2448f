import { TagsInput } from "@mantine/core";
import type { ReactNode } from "react";
import { Folded } from "../../components/folded.tsx";
import { ClassFields } from "./class-fields.tsx";
import { criteriaHead } from "./criteria-draft.ts";
import { CriteriaSection } from "./criteria-section.tsx";
import { OptionFields } from "./option-fields.tsx";
import styles from "./run-settings.module.css";
import type { SettingsOfForm, SettingsProps } from "./settings-form.ts";
import { classesHead, rowsHead, tagsHead } from "./settings-words.ts";
import { type RunSettings, runSettingsOf } from "./settings-draft.ts";
import { useCluster } from "./use-cluster.ts";
import type { Outline } from "./use-outline.ts";
import { ValueRows } from "./value-rows.tsx";
import { WorkerFields, workersHead } from "./worker-fields.tsx";

/** Whether an error that shows is of one of the fields. */
const isWrong = ({ wrong }: SettingsOfForm, ...fields: readonly string[]): boolean =>
  wrong.some((path) => fields.some((field) => new RegExp(`^${field}(?:[.[]|$)`).test(path)));

/** Why names are typed here and not chosen. */
const Unknown = ({ outline: { known, reason } }: { readonly outline: Outline }): ReactNode =>
  known === undefined && (
    <p className="muted">
      {reason === undefined
        ? "The script is being looked at."
        : `${reason.replace(/[^.]$/, "$&.")} So names are typed here.`}
    </p>
  );

const TagFields = ({
  form: { draft, set, wrong, errorAt },
  tags,
}: {
  readonly form: SettingsOfForm;
  readonly tags: readonly string[] | undefined;
}): ReactNode => {
  const errorOf = (field: string): string | undefined =>
    errorAt(wrong.find((path) => path.startsWith(field)) ?? field);
  const data = [...(tags ?? [])];
  const placeholder = tags?.length === 0 ? "the script has no tags" : "Enter adds one";
  return (
    <>
      <TagsInput
        label="Run only tasks with one of these tags"
        data={data}
        placeholder={draft.includeTags.length === 0 ? placeholder : ""}
        value={[...draft.includeTags]}
        error={errorOf("includeTags")}
        onChange={(includeTags) => set({ includeTags })}
      />
      <TagsInput
        label="Leave out tasks with one of these tags"
        data={data}
        placeholder={draft.excludeTags.length === 0 ? placeholder : ""}
        value={[...draft.excludeTags]}
        error={errorOf("excludeTags")}
        onChange={(excludeTags) => set({ excludeTags })}
      />
    </>
  );
};

/** The criteria of one run. */
const RunCriteria = ({
  loadTest,
  form,
  stored,
}: SettingsProps & { readonly stored: RunSettings }): ReactNode => (
  <Folded
    title="Criteria"
    head={criteriaHead(
      form.draft.criteria,
      stored.criteria,
      runSettingsOf(form.draft, stored).criteria !== undefined,
    )}
    isWrong={isWrong(form, "criteria")}
  >
    <p className="muted">For this run alone; the load test keeps its own.</p>
    <CriteriaSection loadTest={loadTest} form={form} stored={stored} />
  </Folded>
);

/**
 * What can be set for the script and its processes, and for one run its criteria, folded; the heads say what is set.
 * `workersMore`: what else is said with the workers.
 */
export const SettingsSections = ({
  loadTest,
  form,
  stored,
  outline,
  workersMore,
}: SettingsProps & { readonly outline: Outline; readonly workersMore?: ReactNode }): ReactNode => {
  const { draft, set } = form;
  const { known } = outline;
  const cluster = useCluster(loadTest);
  return (
    <div className={styles["sections"]}>
      <Folded
        title="User classes"
        head={classesHead(draft, known?.userClasses)}
        isWrong={isWrong(form, "userClasses")}
      >
        <Unknown outline={outline} />
        <ClassFields form={form} outline={known?.userClasses} />
      </Folded>
      <Folded
        title="Tags of tasks"
        head={tagsHead(draft)}
        isWrong={isWrong(form, "includeTags", "excludeTags")}
      >
        <Unknown outline={outline} />
        <TagFields form={form} tags={known?.tags} />
      </Folded>
      <Folded
        title="Options of the script"
        head={rowsHead("scriptOptions", { draft, stored })}
        isWrong={isWrong(form, "scriptOptions")}
      >
        <Unknown outline={outline} />
        {known === undefined && (
          <p className="muted">
            A value is a text or a number; true or false is for a flag, ["a", "b"] is a list.
          </p>
        )}
        <OptionFields form={form} stored={stored} known={known?.options} />
      </Folded>
      <Folded
        title="Environment variables"
        head={rowsHead("environment", { draft, stored })}
        isWrong={isWrong(form, "environment")}
      >
        <p className="muted">
          Values are secret and never shown again. *** stands for the load test’s value.
        </p>
        <ValueRows
          form={form}
          rows={draft.environment}
          onChange={(environment) => set({ environment })}
          field="environment"
          word="variable"
          isSecret
          kept={Object.keys(stored?.environment ?? {})}
          placeholder="SHOP_TOKEN"
        />
      </Folded>
      <Folded
        title={workersMore === undefined ? "Workers" : "Workers and stop timeout"}
        head={workersHead(draft, stored, cluster)}
        isWrong={isWrong(form, "workers", "stopTimeoutSeconds")}
      >
        <WorkerFields form={form} stored={stored} cluster={cluster} />
        {workersMore}
      </Folded>
      {stored !== undefined && <RunCriteria loadTest={loadTest} form={form} stored={stored} />}
    </div>
  );
};
