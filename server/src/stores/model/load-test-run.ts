import type { MetricSnapshot } from "@load-manager/contract/model/stats.ts";
import type { LoadTestRun, RunStatus } from "@load-manager/contract/model/run.ts";
import type { RunQuery } from "@load-manager/contract/api/run.ts";
import { AppError } from "../../lib/errors.ts";
import { canBecome } from "../../runs/domain/states.ts";
import type { Collection, Condition, Page, Patch, Visible } from "./collection.ts";
import type { LiveStore } from "./live-store.ts";
import {
  changedSince,
  inScope,
  NAME_KEY,
  named,
  SCOPE_COLUMNS,
  tagged,
  visibleTo,
} from "./conditions.ts";
import { described } from "./description.ts";

export const LOAD_TEST_RUNS = described<LoadTestRun>()({
  name: "load_test_runs",
  label: "run",
  key: "id",
  columns: {
    ...SCOPE_COLUMNS,
    loadTestId: { type: "text", optional: true },
    locustClusterId: { type: "text" },
    externalKey: { type: "text", optional: true },
    nameKey: NAME_KEY,
    tags: { type: "texts" },
    status: { type: "text" },
    // Optional in its column only: SQLite adds it to the rows of earlier versions.
    verdict: { type: "text", optional: true },
    keep: { type: "boolean" },
    startedAt: { type: "integer", optional: true, sort: true },
    finishedAt: { type: "integer", optional: true, sort: true },
    settledAt: { type: "integer", optional: true },
    createdAt: { type: "integer", sort: true },
    // Optional in its column only: SQLite adds it to the rows of earlier versions.
    updatedAt: { type: "integer", optional: true, sort: true },
  },
  indexes: [
    {
      name: "account_org_project_status_idx",
      columns: ["accountId", "orgId", "projectId", "status"],
    },
    { name: "load_test_created_idx", columns: ["loadTestId", "createdAt"] },
    { name: "created_idx", columns: ["createdAt", "id"] },
    { name: "updated_idx", columns: ["updatedAt", "id"] },
    { name: "settled_idx", columns: ["settledAt", "createdAt", "id"] },
    { name: "external_idx", columns: ["locustClusterId", "externalKey"] },
    { name: "keep_idx", columns: ["keep"] },
  ],
  freeMaps: ["metadata", "environment", "scriptOptions"],
  groups: { run: { counter: "version" } },
  counters: {},
  fence: "fence",
  check: (stored, next) => {
    if (canBecome(stored.status, next.status)) return;
    throw new AppError(
      "conflict",
      `The run ${stored.id} is ${stored.status}; it cannot become ${next.status}.`,
    );
  },
  dependents: ["run_live"],
});

type RunGuard = {
  readonly version: number;
  /** Where given, also the stored fence must be this one: what a lease holder writes. */
  readonly fence?: number;
};

/** The transitions of a run's status are those of `runs/domain/states.ts`; a store refuses any other. */
export type RunStore = {
  readonly create: (run: LoadTestRun) => Promise<void>;
  readonly get: (id: string) => Promise<LoadTestRun | undefined>;
  /** Those with `updatedAt` from then on, the newest first, so many at most. */
  readonly changedSince: (since: number, limit: number) => Promise<LoadTestRun[]>;
  readonly list: (query: RunQuery, visible: Visible) => Promise<Page<LoadTestRun>>;
  /**
   * Sets the given fields and `version + 1`, where the guard holds; `undefined` where it does not.
   * Rejects with AppError conflict for a status change that is not in the table (same status is fine).
   */
  readonly update: (
    id: string,
    guard: RunGuard,
    patch: Patch<Omit<LoadTestRun, "id" | "version">>,
  ) => Promise<LoadTestRun | undefined>;
  readonly delete: (id: string, version: number) => Promise<boolean>;
  /** Every run that still needs the loop (`settledAt` absent: it is not over, or is being deleted), oldest first. */
  readonly unsettled: () => Promise<LoadTestRun[]>;
  readonly findExternal: (
    locustClusterId: string,
    externalKey: string,
  ) => Promise<LoadTestRun | undefined>;
  /** The runs whose metrics are all kept. */
  readonly kept: () => Promise<string[]>;
  /** How many runs of a load test have one of these statuses. */
  readonly count: (loadTestId: string, statuses: readonly RunStatus[]) => Promise<number>;
  /** The live metrics beside the run; at most one record per run, the newest wins. */
  readonly setLive: (runId: string, live: MetricSnapshot) => Promise<void>;
  readonly getLive: (runIds: readonly string[]) => Promise<Map<string, MetricSnapshot>>;
};

/** What everybody but `runs/journal` gets: it alone changes stored runs, since it adds fence, retry and event. */
export type RunReader = Omit<RunStore, "create" | "update">;

/** Texts that a user writes about a run, as long as they like: no end of a run needs them. */
const isNote = (patch: Parameters<RunStore["update"]>[2]): boolean =>
  patch.status === undefined && ("notes" in patch || "name" in patch || "tags" in patch);

const inQuery = ({
  loadTestId,
  status = [],
  verdict = [],
  from,
  to,
}: Partial<RunQuery>): Condition[] => [
  ...(loadTestId === undefined ? [] : [{ column: "loadTestId", is: loadTestId }]),
  ...(status.length === 0 ? [] : [{ column: "status", in: status }]),
  ...(verdict.length === 0 ? [] : [{ column: "verdict", in: verdict }]),
  ...(from === undefined ? [] : [{ column: "createdAt", from }]),
  ...(to === undefined ? [] : [{ column: "createdAt", to }]),
];

export const runStore = (
  collection: Collection<LoadTestRun, "run">,
  { live }: { readonly live: LiveStore },
): RunStore => ({
  changedSince: (since, limit) => changedSince(collection, since, limit),
  create: (run) => collection.insert(run, "adding"),
  get: collection.get,
  list: ({ sort, limit, cursor, ...query }, visible) =>
    collection.list({
      where: [
        ...inScope(query),
        ...visibleTo(visible),
        ...named(query.q),
        ...tagged(query.tags),
        ...inQuery(query),
      ],
      sort,
      limit,
      cursor,
    }),
  update: (id, { version, fence }, patch) => {
    const seen = { version, ...(fence === undefined ? {} : { fence }) };
    return collection.change("run", id, seen, patch, isNote(patch) ? "adding" : "ending");
  },
  delete: (id, version) => collection.delete(id, { version }),
  unsettled: () => collection.all([{ column: "settledAt", is: null }], "createdAt"),
  findExternal: (locustClusterId, externalKey) =>
    collection.first(
      [
        { column: "locustClusterId", is: locustClusterId },
        { column: "externalKey", is: externalKey },
      ],
      "-createdAt",
    ),
  kept: () => collection.keys([{ column: "keep", is: true }]),
  count: (loadTestId, statuses) =>
    collection.count([
      { column: "loadTestId", is: loadTestId },
      { column: "status", in: statuses },
    ]),
  setLive: live.set,
  getLive: live.get,
});
