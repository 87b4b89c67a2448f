import { Binary, BSON } from "mongodb";
import type { MetricSnapshot } from "@load-manager/contract/metrics.ts";
import type { ScriptRevision } from "@load-manager/contract/script.ts";
import type { Ids } from "@load-manager/server/lib/ids.ts";
import { denormalizedTotalsOf } from "@load-manager/server/metrics/codec/denormalized-totals.ts";
import { toDocument } from "@load-manager/server/stores/mongo/document.ts";
import { nameKey } from "@load-manager/server/stores/shared/text.ts";
import { type Context, left, type Older, type Outcome } from "./entity.ts";
import type { Repair } from "./known-faults.ts";
import { isPlain, type Json } from "../read/json.ts";
import type { RevisionIndex, RunIndex } from "../read/known.ts";
import { loadTestOf } from "./load-test.ts";
import { type MadeRow, metricOf, orderKey } from "./metrics.ts";
import { newOf, SORTING } from "../plan.ts";
import { runOf } from "./run.ts";
import { manifestOf, type OldScript, revisionOf } from "./scripts.ts";
import type { Made } from "../write/insert.ts";

/** What one older document becomes: a document, and what goes into other collections. */
export type Written = {
  readonly into: string;
  readonly document: Made;
  readonly sides: readonly { readonly into: string; readonly document: Made }[];
  /** The same in the program's own form. */
  readonly entity: object;
};
export type Step = (document: Older) => Outcome<Written>;

/** A document holds at most 16 MiB; the store cuts contents the same way. */
const PART_BYTES = 8 << 20;

const blobsOf = ({ bytes }: OldScript, sha256: string): Written["sides"] => {
  const parts = Math.max(1, Math.ceil(bytes.length / PART_BYTES));
  return Array.from({ length: parts }, (_, part) => ({
    into: newOf("script_blobs"),
    document: {
      _id: `${sha256}:${part}`,
      ...toDocument({ sha256, part, parts }),
      content: new Binary(
        Uint8Array.from(bytes.subarray(part * PART_BYTES, (part + 1) * PART_BYTES)),
      ),
    },
  }));
};

/** As the store of runs keeps it. */
const liveDocument = (id: string, live: MetricSnapshot): Made => ({
  _id: id,
  ...toDocument({
    ...live,
    requestStats: Object.entries(live.requestStats).map(([endpoint, stats]) => ({
      endpoint,
      ...stats,
    })),
  }),
});

const revisionDocument = (revision: ScriptRevision, metadata?: Record<string, Json>): Made => ({
  _id: revision.id,
  ...toDocument(metadata === undefined ? revision : { ...revision, metadata }),
});

/** A row as the store of metrics keeps it. */
export const rowDocument = ({ row, scope, users, deltas, metadata }: MadeRow): Made => {
  const { minResponseMs, ...plain } = denormalizedTotalsOf(
    scope,
    row.second === 0 ? undefined : { sample: { users: { target: users, real: users } }, deltas },
  );
  return {
    _id: `${row.runId}:${row.masterInstanceId}:${row.seq}`,
    ...toDocument({
      loadTestRunId: row.runId,
      ...plain,
      // The least time of an older snapshot may be unknown.
      ...(minResponseMs === undefined || minResponseMs === 0 ? {} : { minResponseMs }),
      ...(row.second > 0 ? { timestamp: row.second * 1000 } : {}),
      masterInstanceId: row.masterInstanceId,
      seq: row.seq,
      type: row.type,
      metadata,
    }),
    body: new Binary(Uint8Array.from(row.body)),
  };
};

/** A record of today's plugin, in a database that was used by both. */
export const isTodaysRow = (document: Older): boolean =>
  typeof document["_id"] === "string" &&
  document["body"] instanceof Binary &&
  typeof document["masterInstanceId"] === "string" &&
  document["seq"] !== undefined;

const written = <T>(outcome: Outcome<T>, write: (value: T) => Written): Outcome<Written> =>
  outcome.ok ? { ...outcome, made: write(outcome.made) } : outcome;

/** `metadata.legacy` with one more of what was there. */
const withLegacy = (
  metadata: Record<string, Json> | undefined,
  name: string,
  value: Json,
): Record<string, Json> => {
  const legacy = metadata?.["legacy"];
  const own = isPlain(legacy) ? (legacy as Record<string, Json>) : {};
  return { ...metadata, legacy: { ...own, [name]: value } };
};

/** How the documents of each collection are made; by the name of the target. */
export const createSteps = (
  context: Context,
  deps: { readonly ids: Ids; readonly runs: RunIndex; readonly revisions: RevisionIndex },
): Readonly<Record<string, Step>> => {
  const { ids, runs, revisions } = deps;

  const loadTests: Step = (document) => {
    const outcome = loadTestOf(document, context, {
      recentRuns: [],
      runs: 0,
      lastRunAt: undefined,
    });
    if (!outcome.ok) return outcome;
    const { id } = outcome.made.loadTest;
    return written(loadTestOf(document, context, runs.of(id)), ({ loadTest, script }) => {
      const sides =
        script === undefined ? [] : scriptSides(id, loadTest.createdAt, loadTest.createdBy, script);
      const { latestRevisionId: given, ...rest } = loadTest;
      const own =
        script === undefined ? undefined : revisions.withContent(id, manifestOf(script).sha256);
      const latest =
        given !== undefined && revisions.has(id, given) ? given : (own ?? revisions.newest(id));
      const gone = given !== undefined && given !== latest;
      const whole = {
        ...rest,
        ...(latest === undefined ? {} : { latestRevisionId: latest }),
        ...(gone
          ? {
              metadata: withLegacy(loadTest.metadata, "latestRevisionId", given),
            }
          : {}),
      };
      return {
        into: newOf("load_tests"),
        document: { _id: id, ...toDocument(whole), nameKey: nameKey(whole.name) },
        sides,
        entity: whole,
      };
    });
  };

  /** The script that stood in a load test becomes its next revision, unless there is one with this content. */
  const scriptSides = (
    loadTestId: string,
    createdAt: number,
    createdBy: string,
    script: OldScript,
  ): Written["sides"] => {
    const manifest = manifestOf(script);
    if (revisions.withContent(loadTestId, manifest.sha256) !== undefined) return [];
    const revision: ScriptRevision = {
      id: ids.of(`migrated script ${loadTestId} ${manifest.sha256}`),
      loadTestId,
      revisionNumber: revisions.numberFor(loadTestId, 0),
      ...manifest,
      description: "The script that stood in the load test before the migration",
      createdAt,
      createdBy,
    };
    revisions.add(revision);
    return [
      ...blobsOf(script, manifest.files[0]?.sha256 ?? ""),
      { into: newOf("script_revisions"), document: revisionDocument(revision) },
    ];
  };

  return {
    script_revisions: (document) => {
      const outcome = revisionOf(document);
      if (!outcome.ok) return outcome;
      const { script, metadata, revision: old } = outcome.made;
      const revisionNumber = revisions.numberFor(old.loadTestId, old.revisionNumber);
      const repaired: readonly Repair[] =
        revisionNumber === old.revisionNumber
          ? outcome.repaired
          : [...outcome.repaired, "revision_number"];
      const revision = { ...old, revisionNumber };
      revisions.add(revision);
      const moved = revisionNumber === old.revisionNumber || old.revisionNumber === 0;
      const more = moved ? metadata : withLegacy(metadata, "revisionNumber", old.revisionNumber);
      return {
        ok: true,
        repaired,
        made: {
          into: newOf("script_revisions"),
          document: revisionDocument(revision, more),
          sides: script === undefined ? [] : blobsOf(script, revision.files[0]?.sha256 ?? ""),
          entity: revision,
        },
      };
    },
    load_test_runs: (document) =>
      written(runOf(document, context), ({ run, live }) => ({
        into: newOf("load_test_runs"),
        document: { _id: run.id, ...toDocument(run), nameKey: nameKey(run.name) },
        sides:
          live === undefined
            ? []
            : [{ into: newOf("run_live"), document: liveDocument(run.id, live) }],
        entity: run,
      })),
    load_tests: loadTests,
    metrics_timeseries: (document) => {
      if (isTodaysRow(document)) {
        return {
          ok: true,
          repaired: [],
          made: asGiven("metrics_timeseries", document),
        };
      }
      const { _id } = document;
      return written(metricOf(document, context), (metric) => ({
        into: SORTING,
        document: {
          _id: orderKey(metric, idText(_id)),
          runId: metric.runId,
          json: JSON.stringify(metric),
        },
        sides: [],
        entity: metric,
      }));
    },
    script_blobs: asItIs("script_blobs"),
    run_live: asItIs("run_live"),
  };
};

const asGiven = (name: string, document: Older): Written => ({
  into: newOf(name),
  document: document as Made,
  sides: [],
  entity: document,
});

const asItIs =
  (name: string): Step =>
  (document) =>
    typeof document["_id"] === "string"
      ? {
          ok: true,
          repaired: [],
          made: asGiven(name, document),
        }
      : left("it has no id that can be one");

/** Any `_id`, as text that no other has. */
export const idText = (id: unknown): string =>
  BSON.EJSON.stringify({ id }, { relaxed: false }).slice(6, -1);
