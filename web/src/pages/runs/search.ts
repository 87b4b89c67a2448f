import type { Verdict } from "@load-manager/contract/model/criterion.ts";
import type { RunStatus } from "@load-manager/contract/model/run.ts";
import { RUN_STATUSES } from "@load-manager/contract/model/run-status.ts";
import type { RunFilter } from "../../api/queries.ts";

const HOUR_MS = 3_600_000;
/** The last so long, up to now. */
export const SPANS = {
  "1h": { label: "Last hour", ms: HOUR_MS },
  "24h": { label: "Last 24 hours", ms: 24 * HOUR_MS },
  "7d": { label: "Last 7 days", ms: 7 * 24 * HOUR_MS },
  "30d": { label: "Last 30 days", ms: 30 * 24 * HOUR_MS },
} as const;
export type Span = keyof typeof SPANS;
/** The last so long begins at a whole minute, so that the same list is asked for again. */
const STEP_MS = 60_000;

export const VERDICTS = ["passed", "failed", "inconclusive", "none"] as const satisfies Verdict[];

/** What the address of the list may say. */
export type RunsSearch = {
  readonly status?: readonly RunStatus[];
  readonly verdict?: readonly Verdict[];
  readonly loadTestId?: string;
  readonly q?: string;
  readonly tags?: string;
  /** The last so long; or from and to, in Unix ms. */
  readonly since?: Span;
  readonly from?: number;
  readonly to?: number;
};

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" || typeof value === "number" ? String(value) || undefined : undefined;
const timeOf = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : undefined;

const defined = <Fields extends object>(fields: Fields) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

export const runsSearchOf = (search: Readonly<Record<string, unknown>>): RunsSearch => {
  const asked = [search["status"]].flat();
  const status = RUN_STATUSES.filter((one) => asked.includes(one));
  const askedVerdicts = [search["verdict"]].flat();
  const verdict = VERDICTS.filter((one) => askedVerdicts.includes(one));
  const since = (Object.keys(SPANS) as Span[]).find((one) => one === search["since"]);
  return defined({
    status: status.length === 0 ? undefined : status,
    verdict: verdict.length === 0 ? undefined : verdict,
    loadTestId: textOf(search["loadTestId"]),
    q: textOf(search["q"]),
    tags: textOf(search["tags"]),
    since,
    from: since === undefined ? timeOf(search["from"]) : undefined,
    to: since === undefined ? timeOf(search["to"]) : undefined,
  });
};

export const runFilterOf = ({ since, ...search }: RunsSearch, now: number): RunFilter => ({
  ...search,
  ...(since === undefined ? {} : { from: Math.floor((now - SPANS[since].ms) / STEP_MS) * STEP_MS }),
  limit: 50,
});

/** The scope is no filter of the list. */
export const isFiltered = (search: Readonly<Record<string, unknown>>): boolean =>
  Object.keys(runsSearchOf(search)).length > 0;

const NAMES: Readonly<Record<Verdict, string>> = {
  passed: "Passed",
  failed: "Failed",
  inconclusive: "Inconclusive",
  none: "No verdict",
};
export const verdictName = (verdict: Verdict): string => NAMES[verdict];
