import { SegmentedControl } from "@mantine/core";
import { Stages } from "@load-manager/contract/api/settings.ts";
import type { LoadProfile } from "@load-manager/contract/model/load-profile.ts";
import type { ReactNode } from "react";
import { type LoadPlan, planOfStages } from "../../components/load-plan.ts";
import { RampPreview } from "../../components/ramp-preview.tsx";
import { type RunSettingsDraft, settingsOf, type StageDraft } from "./settings-draft.ts";
import type { SettingsOfForm } from "./settings-form.ts";
import { StageRows } from "./stage-rows.tsx";
import type { Outline } from "./use-outline.ts";
import styles from "./run-settings.module.css";

const isKind = (value: string): value is LoadProfile["kind"] =>
  value === "constant" || value === "stages" || value === "script";

/** The plan of the stages as they are typed; `undefined` while they are none. */
const stagesPlan = (draft: RunSettingsDraft): LoadPlan | undefined => {
  const { loadProfile } = settingsOf(draft);
  const stages = Stages.safeParse("stages" in loadProfile ? loadProfile.stages : undefined);
  return stages.success ? planOfStages(stages.data) : undefined;
};

const ShapeNote = ({ outline: { known } }: { readonly outline: Outline }): ReactNode => {
  const [first] = known?.shapeClasses ?? [];
  const who = first === undefined ? "The script’s LoadTestShape" : first;
  return (
    <p className="muted">
      {known !== undefined && first === undefined
        ? "The script has no LoadTestShape: a run is refused."
        : `${who} decides how many users there are, and when the load ends.`}
    </p>
  );
};

/** How the number of users changes over time. `constant`: the fields of constant load, with their preview. */
export const ProfileFields = ({
  form,
  outline,
  first,
  constant,
  script,
}: {
  readonly form: SettingsOfForm;
  readonly outline: Outline;
  /** The stage that a form without stages begins with. */
  readonly first: StageDraft;
  readonly constant: ReactNode;
  readonly script?: ReactNode;
}): ReactNode => {
  const { profile, stages } = form.draft;
  const mayShape =
    profile === "script" || outline.known === undefined || outline.known.shapeClasses.length > 0;
  const choose = (value: string): void => {
    if (!isKind(value)) return;
    const needsOne = value === "stages" && stages.length === 0;
    form.set({ profile: value, ...(needsOne ? { stages: [first] } : {}) });
  };
  return (
    <>
      <div className={styles["profile"]}>
        <span className={styles["label"]} aria-hidden>
          Load profile
        </span>
        <SegmentedControl
          aria-label="Load profile"
          fullWidth
          value={profile}
          onChange={choose}
          data={[
            { value: "constant", label: "Constant" },
            { value: "stages", label: "Stages" },
            ...(mayShape ? [{ value: "script", label: "Script’s shape" }] : []),
          ]}
        />
        {form.errorAt("loadProfile") !== undefined && (
          <p className={styles["wrong"]} role="alert">
            {form.errorAt("loadProfile")}
          </p>
        )}
      </div>
      {profile === "constant" && constant}
      {profile === "stages" && (
        <>
          <StageRows form={form} />
          <RampPreview
            plan={stagesPlan(form.draft)}
            otherwise="Stages with a duration above 0 and whole users are drawn here."
          />
        </>
      )}
      {profile === "script" && (
        <>
          {script}
          <ShapeNote outline={outline} />
        </>
      )}
    </>
  );
};
