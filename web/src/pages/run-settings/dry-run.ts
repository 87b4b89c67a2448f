import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import { parseExpression } from "@load-manager/contract/criteria/parse.ts";
import type { CriterionVerdict } from "@load-manager/contract/model/criterion.ts";
import { useDebouncedValue } from "@mantine/hooks";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { client, messageOf } from "../../api/client.ts";
import { inUnit, limitInUnit } from "../../format/numbers.ts";

type RecentRun = LoadTestAnswer["recentRuns"][number];

/** The newest run of the load test that has ended with a load, on which criteria can be tried. */
export const lastRunOf = ({
  recentRuns,
}: Pick<LoadTestAnswer, "recentRuns">): RecentRun | undefined =>
  recentRuns.find(({ status }) => status === "Finished" || status === "Stopped");

/** `#48`, or its name where it has no number. */
export const nameOfRun = ({ runNumber, name }: RecentRun): string =>
  runNumber === undefined ? (name ?? "the last run") : `#${runNumber}`;

const endpointsQuery = (runId: string) =>
  queryOptions({
    queryKey: ["dryRun", runId, "endpoints"],
    queryFn: async ({ signal }) => {
      const { items } = await client.getRunRequests({ params: { runId }, signal });
      return items.map(({ method, name }) => `${method} ${name}`.trim());
    },
    staleTime: Infinity,
  });

const NONE: readonly string[] = [];

/** `METHOD name` of what a run has measured. */
export const useEndpointsOf = (runId: string | undefined): readonly string[] => {
  const { data } = useQuery({ ...endpointsQuery(runId ?? ""), enabled: runId !== undefined });
  return data ?? NONE;
};

/** Somebody types: the server is asked once they stop. */
const PAUSE_MS = 400;

/** `version`: of the load test, whose baseline is compared with. */
const outcomesQuery = (runId: string, version: number, expressions: readonly string[]) =>
  queryOptions({
    queryKey: ["dryRun", runId, version, expressions],
    queryFn: async ({ signal }) => {
      const criteria = expressions.map((expression) => ({ expression }));
      const answer = await client.evaluateRun({ params: { runId }, body: { criteria }, signal });
      return new Map(expressions.map((expression, index) => [expression, answer.criteria[index]]));
    },
    placeholderData: (before) => before,
    // A run that is settled has the same answer tomorrow.
    staleTime: 60_000,
  });

export type DryRun = {
  readonly run: RecentRun | undefined;
  /** By expression; `undefined` while it is asked for, and of one with a fault. */
  readonly outcomeOf: (expression: string) => CriterionVerdict | undefined;
  /** Why nothing was tried. */
  readonly error: string | undefined;
};

/** What would have become of these expressions in the last run. */
export const useDryRun = (
  loadTest: Pick<LoadTestAnswer, "recentRuns" | "version">,
  expressions: readonly string[],
): DryRun => {
  const run = lastRunOf(loadTest);
  // No expression has a line break.
  const [typed] = useDebouncedValue(expressions.join("\n"), PAUSE_MS);
  const right = [...new Set(typed.split("\n").map((one) => one.trim()))].filter(
    (expression) => parseExpression(expression).ok,
  );
  const { data, error } = useQuery({
    ...outcomesQuery(run?.id ?? "", loadTest.version, right),
    enabled: run !== undefined && right.length > 0,
  });
  return {
    run,
    outcomeOf: (expression) => data?.get(expression.trim()),
    error: error === null ? undefined : messageOf(error),
  };
};

/** `341 ms, limit 500 ms`, and why nobody can know. */
export const outcomeText = ({
  verdict,
  observed,
  limit,
  unit,
  windows,
  reason,
  close,
}: Pick<
  CriterionVerdict,
  "verdict" | "observed" | "limit" | "unit" | "windows" | "reason" | "close"
>): string =>
  [
    [
      ...(observed === null ? [] : [inUnit(observed, unit)]),
      ...(limit === null ? [] : [`limit ${limitInUnit(limit, unit)}`]),
      ...(verdict === "failed" && windows !== undefined
        ? [`violated in ${windows.violated} of ${windows.decided} windows`]
        : []),
      ...(close === true ? ["close"] : []),
    ].join(", "),
    ...(reason === undefined ? [] : [reason.message]),
  ]
    .filter((part) => part !== "")
    .join(". ");
