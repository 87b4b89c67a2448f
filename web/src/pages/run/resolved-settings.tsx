import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import type { OptionValue } from "@load-manager/contract/model/script-options.ts";
import type { ReactNode } from "react";
import { textOfRules } from "../../components/endpoint-rules.ts";
import { TimeText } from "../../components/time-text.tsx";
import { count } from "../../format/numbers.ts";
import { duration } from "../../format/times.ts";
import { textOfValue } from "../run-settings/option-text.ts";
import { classText, profileText, stageText } from "../run-settings/settings-words.ts";
import styles from "./run-details.module.css";

type Row = readonly [name: string, value: ReactNode];

const seconds = (value: number | undefined): string =>
  value === undefined ? "–" : duration(value * 1000);

const List = ({ items }: { readonly items: readonly string[] }): ReactNode => (
  <ul>
    {items.map((item) => (
      <li key={item}>
        <bdi>{item}</bdi>
      </li>
    ))}
  </ul>
);

const loadRows = (run: RunAnswer): readonly Row[] => {
  const { loadProfile, targetUsers, spawnRate, durationSeconds } = run;
  if (loadProfile.kind === "constant")
    return [
      ["Load profile", "constant"],
      ["Users", count(targetUsers)],
      ["Spawn rate", spawnRate === undefined ? "–" : `${spawnRate} users/s`],
      ["Duration", seconds(durationSeconds)],
    ];
  if (loadProfile.kind === "script")
    return [
      ["Load profile", profileText(loadProfile)],
      ["At most", seconds(durationSeconds ?? run.maxDurationSec)],
    ];
  return [
    ["Load profile", profileText(loadProfile)],
    ["Stages", <List key="stages" items={loadProfile.stages.map(stageText)} />],
    ["Duration", seconds(durationSeconds)],
  ];
};

const list = (values: readonly string[] | undefined, otherwise: string): ReactNode =>
  values === undefined || values.length === 0 ? otherwise : <List items={values} />;

const scriptRows = (run: RunAnswer): readonly Row[] => [
  ["User classes", list(run.userClasses?.map(classText), "as the script says")],
  ["Tags that run", list(run.includeTags, "all")],
  ["Tags left out", list(run.excludeTags, "none")],
  [
    "Script’s options",
    list(
      Object.entries(run.scriptOptions ?? {}).map(
        ([name, value]) => `${name}: ${textOfValue(value as OptionValue)}`,
      ),
      "as the script says",
    ),
  ],
  [
    "Endpoint groups",
    list(
      run.endpointGroups?.map((rule) => textOfRules([rule])),
      "none",
    ),
  ],
  // Nobody is shown the values.
  ["Environment", list(Object.keys(run.environment ?? {}), "none")],
  ["Workers", count(run.workers)],
];

/** What the run was started with, from it and from its load test. */
export const ResolvedSettings = ({ run }: { readonly run: RunAnswer }): ReactNode => {
  const rows: readonly Row[] = [
    ["Run id", <code key="id">{run.id}</code>],
    ["Scope", [run.accountId, run.orgId, run.projectId, run.envId].filter(Boolean).join(" / ")],
    ["Created", <TimeText key="created" ms={run.createdAt} />],
    ["Created by", run.createdBy],
    ["Trigger", run.trigger === "external" ? "external: started at Locust" : "api"],
    ...loadRows(run),
    [
      "Stop timeout",
      run.stopTimeoutSeconds === undefined ? "Locust’s own" : seconds(run.stopTimeoutSeconds),
    ],
    ["Target", run.targetUrl ?? "–"],
    ...scriptRows(run),
    ["Cluster", run.locustClusterId],
    ["Locust", run.engine?.locustVersion ?? "–"],
    ["Plugin", run.engine?.pluginVersion ?? "–"],
    ["Python", run.engine?.pythonVersion ?? "–"],
    ["Kept", run.keep ? "yes: protected against deletion" : "no"],
  ];
  return (
    <dl className={styles["settings"]}>
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
};
