import { type ProblemKind, PROBLEMS } from "./problem.ts";
import type { Route } from "./route.ts";
import type { Routes } from "./routes.ts";

/** What an operation answers besides what its route says. */
type Responses = {
  /** Errors that follow from what the operation does. */
  readonly problems?: readonly ProblemKind[];
  /** The answer names the address of what was created. */
  readonly location?: true;
  /** The answer sets the session's cookie, or ends it. */
  readonly setsCookie?: true;
  /** Other content types of the answer, which the query chooses. */
  readonly contentTypes?: readonly string[];
};

const ofReportedRun = { problems: ["not-found", "gone"] } as const;

const RESPONSES: { readonly [K in keyof Routes]?: Responses } = {
  createLoadTest: { problems: ["not-found"], location: true },
  deleteLoadTest: { problems: ["conflict"] },
  createRun: { problems: ["conflict", "cluster-unresolved"], location: true },
  checkScript: { problems: ["not-found"] },
  startDemo: { problems: ["conflict"] },
  updateRun: { problems: ["conflict"] },
  deleteRun: { problems: ["conflict"] },
  evaluateRun: { problems: ["conflict"] },
  getRunJunit: { problems: ["conflict"] },
  getRunMarkdown: { problems: ["conflict"] },
  changeRunLoad: { problems: ["conflict"] },
  getRunRequests: { contentTypes: ["text/csv; charset=utf-8"] },
  exportRunMetrics: { contentTypes: ["application/x-ndjson"] },
  registerExternalRun: { problems: ["cluster-unresolved"] },
  reportTestStart: ofReportedRun,
  reportTestStop: ofReportedRun,
  reportMetrics: ofReportedRun,
  createSession: {
    problems: ["unauthorized", "conflict", "too-many-requests", "unavailable"],
    setsCookie: true,
  },
  deleteSession: { problems: ["unavailable"], setsCookie: true },
  reloadConfiguration: { problems: ["conflict"] },
  getPrometheusMetrics: { problems: ["unavailable"] },
};

/** Whether the operation honours an Idempotency-Key. */
export const isKeyed = (route: Route): boolean =>
  route.method === "POST" && route.caller === "user";

export const responsesOf = (key: string): Responses => RESPONSES[key as keyof Routes] ?? {};

/** Every error that an operation can answer, by status. */
export const problemsOf = (key: string, route: Route): ReadonlyMap<number, ProblemKind[]> => {
  const when = (condition: boolean, ...kinds: ProblemKind[]): ProblemKind[] =>
    condition ? kinds : [];
  const kinds = new Set<ProblemKind>([
    "validation",
    "headers-too-large",
    ...when(route.caller !== "anyone", "unauthorized"),
    ...when(route.caller !== "anyone" || route.anyHost !== true, "forbidden"),
    ...when(route.caller === "user", "too-many-requests"),
    ...when(route.params !== undefined, "not-found"),
    ...when(route.method !== "GET", "too-large", "unsupported-media-type"),
    ...when(route.ifMatch === true, "stale"),
    ...when(isKeyed(route), "conflict", "key-reused"),
    ...(responsesOf(key).problems ?? []),
    // Probes do not need the store, or answer themselves that it fails.
    ...when(route.caller !== "anyone", "unavailable"),
    "internal",
  ]);
  const byStatus = new Map<number, ProblemKind[]>();
  for (const kind of kinds) {
    const { status } = PROBLEMS[kind];
    byStatus.set(status, [...(byStatus.get(status) ?? []), kind]);
  }
  return new Map([...byStatus].toSorted(([a], [b]) => a - b));
};
