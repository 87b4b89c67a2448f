import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import type { Stats } from "@load-manager/contract/model/stats.ts";
import { usePrefetchQuery, useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { targetUsersAt } from "../../api/target-users.ts";
import { Figures, type KeyFigure } from "../../components/figures.tsx";
import { Failure, Loading } from "../../components/notices.tsx";
import { count, percent, rate, responseTime, text } from "../../format/numbers.ts";
import { nowQuery, summaryQuery } from "./run-queries.ts";
import type { RunView } from "./view.ts";

type Shown = {
  readonly run: RunAnswer;
  readonly own: Stats & { readonly lowCount?: readonly string[] | undefined };
  /** The whole run, where the figures are of a part of it. */
  readonly whole: Stats | undefined;
  readonly wholeName: string;
  readonly users: Pick<KeyFigure, "figure" | "note">;
  readonly bound: string;
};

const figuresOf = ({ own, whole, wholeName, users, bound }: Shown): KeyFigure[] => {
  const beneath = (value: (stats: Stats) => string): string | undefined =>
    whole === undefined ? undefined : `${wholeName} ${value(whole)}`;
  const low = (key: string): string | undefined =>
    own.lowCount?.includes(key) === true ? "low: too few values" : undefined;
  return [
    { name: "Users", ...users },
    {
      name: "Requests per second",
      figure: rate(own.requestsPerSec),
      note: beneath((stats) => text(rate(stats.requestsPerSec))),
    },
    {
      name: "Failed",
      figure: percent(own.errorRate),
      note:
        beneath(
          (stats) => `${text(percent(stats.errorRate))}, ${count(stats.totalFailures)} requests`,
        ) ?? `${count(own.totalFailures)} requests`,
    },
    ...(["p50", "p95", "p99"] as const).map((name): KeyFigure => {
      const key = `${name}ResponseMs` as const;
      return {
        name,
        figure: responseTime(own[key]),
        note: low(key) ?? beneath((stats) => text(responseTime(stats[key]))),
        title: bound,
      };
    }),
    {
      name: "Requests",
      figure: { value: count(own.totalRequests), unit: "" },
      note: beneath((stats) => count(stats.totalRequests)),
    },
  ];
};

/** The figures of the window, beneath each that of the whole run; of a whole run that goes on, those of the last 10 s. */
export const KeyFigures = ({ view }: { readonly view: RunView }): ReactNode => {
  const { run, window, figures, isLive } = view;
  const isNow = isLive && window.kind === "whole" && run.loadEndedAt === undefined;
  // Asked for before the charts ask, which are below: the figures are read first.
  usePrefetchQuery(summaryQuery(run.id, window.kind, figures));
  const { data: chosen, error } = useQuery(summaryQuery(run.id, window.kind, figures));
  const { data: whole } = useQuery(summaryQuery(run.id, "whole", {}));
  const { data: now } = useQuery({ ...nowQuery(run.id), enabled: isNow });
  const own = isNow ? now : chosen;
  if (own === undefined)
    return error === null ? (
      <Loading lines={2} />
    ) : (
      <Failure what="The figures cannot be read." error={error} />
    );
  const target = targetUsersAt(run, view.loadSeconds);
  const users = isNow
    ? {
        figure: {
          value: count(run.lastMetrics?.currentUsers),
          unit: target === undefined ? "" : `of ${count(target)}`,
        },
        note: `most ${count(whole?.maxUsers)}`,
      }
    : {
        figure: { value: count(own.maxUsers), unit: "" },
        note: window.kind === "whole" ? "at most" : `at most, run ${count(whole?.maxUsers)}`,
      };
  const bound =
    own.percentileError === null
      ? "Locust’s own percentile, rounded by it"
      : `At most ${(own.percentileError.relative * 100).toFixed(1)} % off`;
  const shown = figuresOf({
    run,
    own,
    whole: isNow || window.kind !== "whole" ? whole : undefined,
    wholeName: isNow ? "so far" : "run",
    users,
    bound,
  });
  return <Figures figures={shown} />;
};
