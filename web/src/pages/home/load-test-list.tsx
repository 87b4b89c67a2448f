import type { ScopeFilter } from "@load-manager/contract/model/primitives.ts";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { loadTestPagesQuery } from "../../api/queries.ts";
import { Panel } from "../../components/panel.tsx";
import { Verdict } from "../../components/verdict.tsx";
import { Sparkline } from "../../components/sparkline.tsx";
import { responseTime, text } from "../../format/numbers.ts";
import styles from "./home-page.module.css";

/** The load tests that ran last, with p95 of their last runs. */
export const LoadTestList = ({ scope }: { readonly scope: ScopeFilter }): ReactNode => {
  const { data } = useInfiniteQuery(loadTestPagesQuery(scope, { sort: "-lastRunAt", limit: 6 }));
  const items = data?.pages[0]?.items ?? [];
  if (items.length === 0) return null;
  return (
    <Panel title="Load tests" sub="p95 of the last runs" end={<Link to="/load-tests">All</Link>}>
      <ul className={styles["list"]}>
        {items.map(({ id, name, recentRuns }) => {
          const values = recentRuns.map(({ p95ResponseMs }) => p95ResponseMs).toReversed();
          return (
            <li key={id}>
              <Link to="/load-tests/$loadTestId" params={{ loadTestId: id }}>
                {name}
              </Link>
              <span className={styles["left"]}>
                {recentRuns[0] !== undefined && <Verdict verdict={recentRuns[0].verdict} isIcon />}
                <Sparkline values={values} label={`p95 of the last runs of ${name}`} />
                {text(responseTime(values.at(-1)))}
              </span>
            </li>
          );
        })}
      </ul>
    </Panel>
  );
};
