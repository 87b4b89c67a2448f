import { Select } from "@mantine/core";
import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import type { ReactNode } from "react";
import { DraftText } from "../../components/draft-fields.tsx";
import type { useDraft } from "../../components/use-draft.ts";
import { moment } from "../../format/times.ts";
import type { SettingsDraft } from "../load-tests/load-test-draft.ts";
import styles from "./settings-form.module.css";

const KINDS: readonly { readonly value: SettingsDraft["baseline"]; readonly label: string }[] = [
  { value: "none", label: "nothing" },
  { value: "rolling", label: "the mean of earlier runs" },
  { value: "run", label: "one run" },
];

/** The newest runs, and the one that is chosen. */
const runsOf = ({ recentRuns }: LoadTestAnswer, chosen: string) => {
  const recent = recentRuns.map(({ id, runNumber, finishedAt, status }) => ({
    value: id,
    label: `#${runNumber}, ${moment(finishedAt)}, ${status}`,
  }));
  const isOlder = chosen !== "" && recent.every(({ value }) => value !== chosen);
  return isOlder ? [...recent, { value: chosen, label: `an older run, ${chosen}` }] : recent;
};

/** What runs are compared with by criteria such as `p99 < baseline * 1.1`. */
export const BaselineFields = ({
  loadTest,
  form: { draft, field },
}: {
  readonly loadTest: LoadTestAnswer;
  readonly form: ReturnType<typeof useDraft<SettingsDraft>>;
}): ReactNode => {
  const kind = field("baseline");
  const run = field("baselineRunId", "baseline.runId");
  return (
    <div className={styles["pair"]}>
      <Select
        label="Baseline: compare with"
        data={KINDS}
        value={kind.value}
        error={kind.error}
        allowDeselect={false}
        onChange={(value) => kind.onChange(value ?? "none")}
        onBlur={kind.onBlur}
      />
      {draft.baseline === "rolling" && (
        <DraftText
          label="Of at most"
          inputMode="numeric"
          unit="runs"
          field={field("baselineRuns", "baseline.runs")}
        />
      )}
      {draft.baseline === "run" && (
        <Select
          label="The run"
          data={runsOf(loadTest, run.value)}
          value={run.value === "" ? null : run.value}
          error={run.error}
          allowDeselect={false}
          placeholder={loadTest.recentRuns.length === 0 ? "no run has ended" : "choose one"}
          onChange={(value) => run.onChange(value ?? "")}
          onBlur={run.onBlur}
        />
      )}
    </div>
  );
};
