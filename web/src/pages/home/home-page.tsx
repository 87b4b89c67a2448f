import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { type RunFilter, runsQuery } from "../../api/queries.ts";
import { nameOfScope } from "../../api/scope.ts";
import { PageHead } from "../../components/page-head.tsx";
import { useTitle } from "../../components/title.ts";
import { useScopesOf } from "../../components/use-may.ts";
import { useScope } from "../../components/use-scope.ts";
import { ClusterList } from "./cluster-list.tsx";
import { FirstRun } from "./first-run.tsx";
import styles from "./home-page.module.css";
import { LatestResults } from "./latest-results.tsx";
import { LoadTestList } from "./load-test-list.tsx";
import { RunningNow } from "./running-now.tsx";
import { WaitingRuns } from "./waiting-runs.tsx";

/** `isFirst`: it is what one most likely does next. The first run has a button of its own. */
const NewLoadTest = ({
  mayWrite,
  isFirst,
}: {
  readonly mayWrite: boolean;
  readonly isFirst: boolean;
}): ReactNode => {
  const look = {
    variant: isFirst ? "filled" : "default",
    leftSection: <IconPlus size={16} stroke={1.5} />,
  };
  if (!mayWrite)
    return (
      <Button {...look} disabled title="This needs the role editor.">
        New load test
      </Button>
    );
  return (
    <Button
      {...look}
      renderRoot={(props) => <Link to="/load-tests" search={{ new: true }} {...props} />}
    >
      New load test
    </Button>
  );
};

const ANY: RunFilter = { limit: 1 };

/** What runs, what waits, what ended last; or the first step where nothing has run yet. */
export const HomePage = (): ReactNode => {
  useTitle("Home");
  const scope = useScope();
  const any = useQuery(runsQuery(scope, ANY));
  const mayWrite = useScopesOf("loadTests.write", scope)?.length !== 0;
  const isEmpty = any.data?.items.length === 0;
  const isEverything = Object.keys(scope).length === 0;
  return (
    <>
      <PageHead title="Home" actions={<NewLoadTest mayWrite={mayWrite} isFirst={!isEmpty} />}>
        <p className="soft">
          {isEverything ? "Everything that you may see" : `Everything in ${nameOfScope(scope)}`}
        </p>
      </PageHead>
      {isEmpty && <FirstRun />}
      <RunningNow scope={scope} />
      <div className={styles["columns"]}>
        <div className={styles["column"]}>
          <WaitingRuns scope={scope} />
          {!isEmpty && <LatestResults scope={scope} />}
        </div>
        <div className={styles["column"]}>
          <ClusterList scope={scope} />
          <LoadTestList scope={scope} />
        </div>
      </div>
    </>
  );
};
