import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { loadTestQuery } from "../../api/queries.ts";
import { LeaveDialog } from "../../components/leave-dialog.tsx";
import { Failure, Loading } from "../../components/notices.tsx";
import { useTitle } from "../../components/title.ts";
import { EndpointGroupsPanel } from "./endpoint-groups-panel.tsx";
import { LoadTestHead } from "./load-test-head.tsx";
import styles from "./load-test-page.module.css";
import { RecentRuns, recentRunsQuery } from "./recent-runs.tsx";
import { Revisions } from "./revisions.tsx";
import { ScriptPanel } from "./script-panel.tsx";
import { SettingsForm } from "./settings-form.tsx";
import { StartPanel } from "./start-panel.tsx";
import { useScript } from "./use-script.ts";

const unsavedOf = (isScript: boolean, isSettings: boolean): string | undefined => {
  if (isScript && isSettings) return "The script and the settings were edited and not saved.";
  if (isScript) return "The script was edited and not saved.";
  return isSettings ? "The settings were edited and not saved." : undefined;
};

const Content = ({ loadTest }: { readonly loadTest: LoadTestAnswer }): ReactNode => {
  useTitle(loadTest.name);
  const script = useScript(loadTest);
  const runs = useQuery(recentRunsQuery(loadTest.id));
  const [isSettingsEdited, setSettingsEdited] = useState(false);
  const [areRulesEdited, setRulesEdited] = useState(false);
  const isScriptEdited = script.edit !== undefined;
  const last = runs.data?.items.find(({ trigger }) => trigger === "api");
  return (
    <>
      <LoadTestHead loadTest={loadTest} script={script.base} />
      <div className={styles["columns"]}>
        <div className={styles["column"]}>
          <RecentRuns loadTest={loadTest} />
          <ScriptPanel loadTest={loadTest} script={script} />
        </div>
        <div className={styles["column"]}>
          {runs.isPending ? (
            <Loading lines={8} />
          ) : (
            <StartPanel loadTest={loadTest} last={last} isScriptEdited={isScriptEdited} />
          )}
          <Revisions loadTest={loadTest} isScriptEdited={isScriptEdited} />
          <SettingsForm loadTest={loadTest} onDirty={setSettingsEdited} />
          <EndpointGroupsPanel loadTest={loadTest} onDirty={setRulesEdited} />
        </div>
      </div>
      <LeaveDialog what={unsavedOf(isScriptEdited, isSettingsEdited || areRulesEdited)} />
    </>
  );
};

/** A load test: its runs, its script, the next start, its settings. */
export const LoadTestPage = (): ReactNode => {
  const { loadTestId } = useParams({ from: "/shell/load-tests/$loadTestId" });
  const loadTest = useQuery(loadTestQuery(loadTestId));
  if (loadTest.data !== undefined) return <Content key={loadTestId} loadTest={loadTest.data} />;
  if (loadTest.error !== null)
    return (
      <Failure
        what="The load test cannot be shown."
        error={loadTest.error}
        onRetry={() => void loadTest.refetch()}
      />
    );
  return <Loading lines={8} />;
};
