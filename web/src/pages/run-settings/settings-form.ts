import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import type { RunSettings, RunSettingsDraft } from "./settings-draft.ts";

/** A form whose draft has the settings that load tests and runs share; `useDraft` makes it. */
export type SettingsOfForm = {
  readonly draft: RunSettingsDraft;
  readonly set: (changed: Partial<RunSettingsDraft>) => void;
  readonly errorAt: (path: string) => string | undefined;
  readonly wrong: readonly string[];
  readonly leave: (path: string) => void;
};

export type SettingsProps = {
  readonly loadTest: LoadTestAnswer;
  readonly form: SettingsOfForm;
  /** What a run adds to; absent where the load test itself is edited. */
  readonly stored?: RunSettings | undefined;
};
