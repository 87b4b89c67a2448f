import type { KneeAnswer } from "@load-manager/contract/api/knee.ts";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import styles from "../../charts/charts.module.css";
import { Scatter } from "../../charts/scatter.tsx";
import { Panel } from "../../components/panel.tsx";
import { count, rate, responseTime, text } from "../../format/numbers.ts";
import { duration } from "../../format/times.ts";
import { kneeQuery } from "./run-queries.ts";
import type { RunView } from "./view.ts";

const sentenceOf = ({ knee, noKneeUpToUsers }: KneeAnswer): string => {
  if (knee !== null) {
    const doubt =
      knee.usersFrom === knee.usersTo
        ? ""
        : ` (between ${count(knee.usersFrom)} and ${count(knee.usersTo)})`;
    return `From about ${count(knee.users)} users on${doubt} requests per second hardly rise: ${text(rate(knee.requestsPerSec))}, p95 ${text(responseTime(knee.p95ResponseMs))}.`;
  }
  return noKneeUpToUsers === null
    ? "Too few different numbers of users to tell where it breaks. A run that adds users step by step shows it."
    : `No knee up to ${count(noKneeUpToUsers)} users.`;
};

/** Latency against throughput: where the target stops keeping up. */
export const KneeChart = ({ view }: { readonly view: RunView }): ReactNode => {
  const { run, window, charts, endpoints } = view;
  const { data } = useQuery(kneeQuery(run.id, window.kind, charts, endpoints));
  const points = useMemo(
    () =>
      (data?.points ?? []).flatMap(({ users, requestsPerSec, p95ResponseMs }) =>
        p95ResponseMs === null ? [] : [{ x: requestsPerSec, y: p95ResponseMs, users }],
      ),
    [data],
  );
  if (data === undefined) return null;
  const { knee } = data;
  const cross =
    knee === null || knee.p95ResponseMs === null
      ? undefined
      : { x: knee.requestsPerSec, y: knee.p95ResponseMs };
  const sentence = sentenceOf(data);
  return (
    <Panel title="Where it breaks" sub="p95 in ms against requests per second; darker: more users">
      {points.length > 1 && (
        <div className={styles["side"]}>
          <Scatter
            points={points}
            cross={cross}
            height={220}
            description={`Latency against throughput. ${sentence}`}
          />
        </div>
      )}
      <p className={styles["caption"]}>
        One point for {duration(data.stepMs)}. {sentence}
      </p>
    </Panel>
  );
};
