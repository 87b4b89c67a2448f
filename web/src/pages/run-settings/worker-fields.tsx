import type { ClusterAnswer } from "@load-manager/contract/api/cluster.ts";
import { TextInput } from "@mantine/core";
import type { ReactNode } from "react";
import { counted } from "../../format/numbers.ts";
import { numberOf } from "../../format/typed.ts";
import type { RunSettings, RunSettingsDraft } from "./settings-draft.ts";
import type { SettingsOfForm } from "./settings-form.ts";

/** `4 workers`; nothing for what the load test, or else the cluster, says. */
export const workersHead = (
  { workers }: RunSettingsDraft,
  stored: RunSettings | undefined,
  cluster: ClusterAnswer | undefined,
): string | undefined => {
  const asked = numberOf(workers);
  if (asked === undefined || Number.isNaN(asked)) return undefined;
  return stored !== undefined && asked === (stored.workers ?? cluster?.workers)
    ? undefined
    : counted(asked, "worker");
};

/** The number of workers, which only a local cluster starts by itself. */
export const WorkerFields = ({
  form,
  stored,
  cluster,
}: {
  readonly form: SettingsOfForm;
  readonly stored: RunSettings | undefined;
  readonly cluster: ClusterAnswer | undefined;
}): ReactNode => {
  const { workers } = form.draft;
  const isAttached = cluster?.kind === "attached";
  const note = `${cluster?.id} is attached: it has the workers that were started there.`;
  if (isAttached && workers === "") return <p className="muted">{note}</p>;
  const inherited = stored?.workers ?? cluster?.workers;
  return (
    <TextInput
      label="Workers"
      inputMode="numeric"
      description={
        isAttached
          ? note
          : cluster?.maxWorkers !== undefined && `At most ${cluster.maxWorkers} on ${cluster.id}.`
      }
      placeholder={inherited === undefined ? "as the cluster says" : String(inherited)}
      value={workers}
      error={form.errorAt("workers")}
      onChange={(event) => form.set({ workers: event.currentTarget.value })}
      onBlur={() => form.leave("workers")}
    />
  );
};
