import { usePrefetchQuery, useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { targetUsersAt } from "../../api/target-users.ts";
import { Figures } from "../../components/figures.tsx";
import { Failure, Loading } from "../../components/notices.tsx";
import { count } from "../../format/numbers.ts";
import { keyFiguresOf, usersNow } from "./key-figures-of.ts";
import { nowQuery, summaryQuery } from "./run-queries.ts";
import type { RunView } from "./view.ts";

/** The figures of the window, beneath each that of the whole run; of a whole run that goes on, those of the last 10 s, with the newest users and all requests so far. */
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
        figure: usersNow(whole?.trust.load.users, run.lastMetrics?.currentUsers, target),
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
  const shown = keyFiguresOf({
    own,
    isNow,
    whole: isNow || window.kind !== "whole" ? whole : undefined,
    wholeName: isNow ? "so far" : "run",
    users,
    bound,
  });
  return <Figures figures={shown} />;
};
