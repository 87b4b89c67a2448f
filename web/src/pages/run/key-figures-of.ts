import type { Stats } from "@load-manager/contract/model/stats.ts";
import type { KeyFigure } from "../../components/figures.tsx";
import { count, percent, rate, responseTime, text } from "../../format/numbers.ts";

export type Shown = {
  readonly own: Stats & { readonly lowCount?: readonly string[] | undefined };
  /** The whole run, where the figures are of a part of it. */
  readonly whole: Stats | undefined;
  readonly wholeName: string;
  readonly users: Pick<KeyFigure, "figure" | "note">;
  readonly bound: string;
  /** The figures are those of this moment. */
  readonly isNow: boolean;
};

/** How many requests there were: a run that goes on is asked for all so far. */
const requestsOf = ({ own, whole, wholeName, isNow }: Shown): KeyFigure => {
  const [shown, note] =
    isNow && whole !== undefined
      ? [whole, wholeName]
      : [own, whole === undefined ? undefined : `${wholeName} ${count(whole.totalRequests)}`];
  return { name: "Requests", figure: { value: count(shown.totalRequests), unit: "" }, note };
};

/** The figures of a window, each with that of the whole run beneath. */
export const keyFiguresOf = (shown: Shown): KeyFigure[] => {
  const { own, whole, wholeName, users, bound } = shown;
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
    requestsOf(shown),
  ];
};

/** The users that run now: those of the newest second, where it is known. */
export const usersNow = (
  newest: number | null | undefined,
  mean: number | undefined,
  target: number | undefined,
): KeyFigure["figure"] => ({
  value: count(newest ?? mean),
  unit: target === undefined ? "" : `of ${count(target)}`,
});
