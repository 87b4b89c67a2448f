import { Button, Checkbox, Select, TagsInput, Textarea } from "@mantine/core";
import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import { scopeOf } from "@load-manager/contract/model/scope.ts";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import {
  type ComponentProps,
  type ReactNode,
  type SyntheticEvent,
  useEffect,
  useState,
} from "react";
import { client } from "../../api/client.ts";
import { isStale, refusedFields } from "../../api/form-errors.ts";
import { clustersQuery, loadTestQuery } from "../../api/queries.ts";
import { DraftText } from "../../components/draft-fields.tsx";
import { Failure } from "../../components/notices.tsx";
import { Panel, PanelBody } from "../../components/panel.tsx";
import { TimeText } from "../../components/time-text.tsx";
import { useDraft } from "../../components/use-draft.ts";
import { useMay } from "../../components/use-may.ts";
import {
  changedFields,
  draftOf,
  patchErrors,
  patchOf,
  type SettingsDraft,
} from "../load-tests/load-test-draft.ts";
import { CriteriaSection } from "../run-settings/criteria-section.tsx";
import { ProfileFields } from "../run-settings/profile-fields.tsx";
import { SettingsSections } from "../run-settings/settings-sections.tsx";
import { useOutline } from "../run-settings/use-outline.ts";
import { BaselineFields } from "./baseline-fields.tsx";
import { mergeDrafts, WORDS } from "./settings-merge.ts";
import styles from "./settings-form.module.css";

type Form = ReturnType<typeof useDraft<SettingsDraft>>;

/** What it is called, and what it is for. */
const NameFields = ({ field }: { readonly field: Form["field"] }): ReactNode => {
  const [tags, description] = [field("tags"), field("description")];
  return (
    <>
      <DraftText label="Name" field={field("name")} />
      <Textarea
        label="Description"
        autosize
        maxRows={8}
        value={description.value}
        error={description.error}
        onChange={(event) => description.onChange(event.currentTarget.value)}
        onBlur={description.onBlur}
      />
      <TagsInput
        label="Tags"
        placeholder={tags.value.length === 0 ? "Enter adds one" : ""}
        value={tags.value}
        error={tags.error}
        onChange={tags.onChange}
        onBlur={tags.onBlur}
      />
      <DraftText label="Target URL" inputMode="url" field={field("targetUrl")} />
    </>
  );
};

const LoadFields = ({ field }: { readonly field: Form["field"] }): ReactNode => (
  <div className={styles["three"]}>
    <DraftText label="Default users" inputMode="numeric" field={field("defaultUsers")} />
    <DraftText
      label="Default spawn rate"
      inputMode="decimal"
      unit="users/s"
      field={field("defaultSpawnRate")}
    />
    <DraftText
      label="Default duration"
      placeholder="until stopped"
      field={field("defaultDurationSec")}
    />
  </div>
);

const ClusterFields = ({
  loadTest,
  field,
}: {
  readonly loadTest: LoadTestAnswer;
  readonly field: Form["field"];
}): ReactNode => {
  const { data } = useQuery(clustersQuery(scopeOf(loadTest)));
  const cluster = field("locustClusterId");
  const ids = new Set([...(data?.items ?? []).map(({ id }) => id), cluster.value].filter(Boolean));
  return (
    <div className={styles["pair"]}>
      <Select
        label="Cluster"
        data={[{ value: "", label: "chosen by the scope" }, ...ids]}
        value={cluster.value}
        error={cluster.error}
        allowDeselect={false}
        onChange={(value) => cluster.onChange(value ?? "")}
        onBlur={cluster.onBlur}
      />
      <DraftText label="Stop timeout" field={field("stopTimeoutSeconds")} />
    </div>
  );
};

const AutoStopFields = ({ form: { draft, field } }: { readonly form: Form }): ReactNode => (
  <fieldset className={styles["group"]}>
    <legend>Auto-stop</legend>
    <Checkbox
      label="End the run when too many requests fail"
      checked={draft.autoStop}
      onChange={(event) => field("autoStop").onChange(event.currentTarget.checked)}
    />
    {draft.autoStop && (
      <div className={styles["three"]}>
        <DraftText
          label="Failed"
          inputMode="decimal"
          unit="%"
          field={field("failedPercent", "autoStop.failedPercent")}
        />
        <DraftText label="Within" field={field("windowSeconds", "autoStop.windowSeconds")} />
        <DraftText
          label="Of at least"
          inputMode="numeric"
          unit="requests"
          field={field("minRequests", "autoStop.minRequests")}
        />
      </div>
    )}
  </fieldset>
);

const CriteriaGroup = (
  props: Pick<ComponentProps<typeof CriteriaSection>, "loadTest" | "form">,
): ReactNode => (
  <fieldset className={styles["group"]}>
    <legend>Criteria</legend>
    <CriteriaSection {...props} />
  </fieldset>
);

const Conflict = ({
  theirs,
  fields,
  onTake,
  onKeep,
}: {
  readonly theirs: LoadTestAnswer;
  readonly fields: readonly string[];
  readonly onTake: () => void;
  readonly onKeep: () => void;
}): ReactNode => (
  <div className={styles["conflict"]} role="alert">
    <p>
      <strong>
        <bdi>{theirs.updatedBy}</bdi> changed {fields.join(", ")} at{" "}
        <TimeText ms={theirs.updatedAt} />.
      </strong>{" "}
      Nothing of it is overwritten until you choose.
    </p>
    <div className={styles["choices"]}>
      <Button size="compact-sm" onClick={onTake}>
        Use theirs, discard mine
      </Button>
      <Button size="compact-sm" onClick={onKeep}>
        Keep what I changed
      </Button>
    </div>
  </div>
);

/** What the form began with, and what the server has now. */
const useSettings = (loadTest: LoadTestAnswer) => {
  const queries = useQueryClient();
  const [base, setBase] = useState(loadTest);
  const before = draftOf(base);
  const form = useDraft<SettingsDraft>(before, (draft) => patchErrors(before, draft));
  const isDirty = changedFields(before, form.draft).length > 0;
  const theirFields = changedFields(before, draftOf(loadTest));
  const { reset } = form;
  const take = (given: LoadTestAnswer, draft = draftOf(given)): void => {
    setBase(given);
    reset(draft);
  };
  // A new version without other settings, such as a new script, changes nothing here; what nobody has touched follows.
  if (base !== loadTest && theirFields.length === 0) setBase(loadTest);
  else if (base !== loadTest && !isDirty) take(loadTest);
  const save = useMutation({
    mutationFn: () =>
      client.updateLoadTest({
        params: { loadTestId: loadTest.id },
        body: patchOf(before, form.draft),
        ifMatch: base.version,
      }),
    onError: (error) => {
      form.refuse(refusedFields(error));
      if (isStale(error)) void queries.invalidateQueries(loadTestQuery(loadTest.id));
    },
    onSuccess: (saved) => {
      queries.setQueryData(loadTestQuery(loadTest.id).queryKey, saved);
      void queries.invalidateQueries({ queryKey: ["loadTests"] });
      take(saved);
    },
  });
  const isConflict = isDirty && theirFields.length > 0;
  return { base, before, form, isDirty, isConflict, theirFields, take, save };
};

type Props = {
  readonly loadTest: LoadTestAnswer;
  readonly onDirty: (isDirty: boolean) => void;
};

/** The settings of a load test, which its next runs begin with. */
export const SettingsForm = ({ loadTest, onDirty }: Props): ReactNode => {
  const settings = useSettings(loadTest);
  const { before, form, isDirty, isConflict, theirFields, take, save } = settings;
  const outline = useOutline(loadTest);
  const mayWrite = useMay("loadTests.write", loadTest);
  useEffect(() => onDirty(isDirty), [isDirty, onDirty]);
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (form.check() && isDirty && !isConflict) save.mutate();
  };
  const reason = isConflict
    ? "Choose first what to do with the other change."
    : mayWrite
      ? undefined
      : "This needs the role editor.";
  return (
    <form noValidate onSubmit={submit} id="settings" aria-label="Settings">
      <Panel
        title="Settings"
        sub={mayWrite ? undefined : "read only: changes need the role editor"}
        end={
          <>
            <Button size="compact-sm" disabled={!isDirty} onClick={() => take(loadTest)}>
              Discard
            </Button>
            <Button
              size="compact-sm"
              type="submit"
              variant={isDirty ? "filled" : "default"}
              disabled={!isDirty || reason !== undefined}
              title={isDirty ? reason : "Nothing has changed."}
              loading={save.isPending}
            >
              Save settings
            </Button>
          </>
        }
      >
        <PanelBody>
          <fieldset className={styles["fields"]} disabled={!mayWrite}>
            {isConflict && (
              <Conflict
                theirs={loadTest}
                fields={theirFields.map((name) => WORDS[name as keyof SettingsDraft])}
                onTake={() => take(loadTest)}
                onKeep={() => take(loadTest, mergeDrafts(before, form.draft, draftOf(loadTest)))}
              />
            )}
            {save.error !== null && !isConflict && (
              <Failure what="The settings were not saved." error={save.error} />
            )}
            <NameFields field={form.field} />
            <ProfileFields
              form={form}
              outline={outline}
              first={{
                duration: form.draft.defaultDurationSec || "1 min",
                users: form.draft.defaultUsers,
                spawnRate: form.draft.defaultSpawnRate,
              }}
              constant={<LoadFields field={form.field} />}
            />
            <DraftText
              label="Longest duration"
              placeholder="the server’s limit"
              field={form.field("maxDurationSec")}
            />
            <SettingsSections loadTest={loadTest} form={form} outline={outline} />
            <ClusterFields loadTest={loadTest} field={form.field} />
            <AutoStopFields form={form} />
            <BaselineFields loadTest={loadTest} form={form} />
            <CriteriaGroup loadTest={loadTest} form={form} />
          </fieldset>
        </PanelBody>
      </Panel>
    </form>
  );
};
