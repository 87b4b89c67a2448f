import type { ScriptRevision } from "@load-manager/contract/model/script.ts";
import type { Ids } from "@load-manager/server/lib/ids.ts";
import { manifestOfOne, sha256Of } from "@load-manager/server/lib/script-manifest.ts";
import { toDocument } from "@load-manager/server/stores/mongo/document.ts";
import { nameKey } from "@load-manager/server/lib/text.ts";
import { newOf, SORTING } from "../state/plan.ts";
import { isPlain, type Json, type JsonObject } from "../read/json.ts";
import type { RevisionIndex, RunIndex } from "./indexes.ts";
import {
  blobDocuments,
  fits,
  idText,
  isTodaysRecord,
  liveDocument,
  revisionDocument,
  type StoredDocument,
} from "./documents.ts";
import { type Context, left, mapOutcome, type Older, type Outcome } from "./entity.ts";
import type { Repair } from "./known-faults.ts";
import { type ConvertedLoadTest, loadTestOf } from "./load-test.ts";
import { metricOf, orderKey } from "./metrics.ts";
import { runOf } from "./run.ts";
import { revisionOf } from "./scripts.ts";

type Placed = { readonly into: string; readonly document: StoredDocument };

/** One older document in today's form. */
export type Converted = Placed & {
  /** What belongs into other collections, such as the script of a load test. */
  readonly extra: readonly Placed[];
  /** The document before its encoding for MongoDB. */
  readonly entity: object;
  /** Whether the script inside the document is the first revision of its load test. */
  readonly isFirstRevision?: boolean;
};
export type Step = (document: Older) => Outcome<Converted>;
type StepDeps = { readonly ids: Ids; readonly runs: RunIndex; readonly revisions: RevisionIndex };

const blobsOf = (script: Uint8Array, sha256: string): Placed[] =>
  blobDocuments(script, sha256).map((document) => ({ into: newOf("script_blobs"), document }));

/** `metadata.legacy` with more older values. */
const withLegacy = (
  metadata: Record<string, Json> | undefined,
  values: JsonObject,
): Record<string, Json> => {
  const legacy = metadata?.["legacy"];
  const own = isPlain(legacy) ? legacy : {};
  return { ...metadata, legacy: { ...own, ...values } };
};

/** What becomes of the script inside a load test. */
type InlineScript = {
  /** The revision with this content. */
  readonly revisionId?: string;
  /** Whether this content was no revision before the migration. */
  readonly isFirst?: boolean;
  readonly extra: readonly Placed[];
  /** The text, where the load test has other revisions: as a later one it would become the script of its next runs. */
  readonly kept?: string;
};

const inlineScriptOf = (
  { ids, revisions }: StepDeps,
  { id: loadTestId, createdAt, createdBy }: ConvertedLoadTest["loadTest"],
  script: Uint8Array | undefined,
): InlineScript => {
  if (script === undefined) return { extra: [] };
  const manifest = manifestOfOne(script);
  const id = ids.of(`migrated script ${loadTestId} ${manifest.sha256}`);
  const same = revisions.withContent(loadTestId, manifest.sha256);
  // After a kill the revision is there already.
  if (same !== undefined) return { revisionId: same, isFirst: same === id, extra: [] };
  if (revisions.newest(loadTestId) !== undefined)
    return { extra: [], kept: new TextDecoder().decode(script) };
  const revision: ScriptRevision = {
    id,
    loadTestId,
    revisionNumber: revisions.numberFor(loadTestId, 0),
    ...manifest,
    description: "The script of the load test before the migration",
    createdAt,
    createdBy,
  };
  revisions.add(revision);
  const document = revisionDocument(revision);
  const blobs = blobsOf(script, sha256Of(script));
  return {
    revisionId: id,
    isFirst: true,
    extra: [...blobs, { into: newOf("script_revisions"), document }],
  };
};

const loadTestStep = (context: Context, deps: StepDeps): Step => {
  const { runs, revisions } = deps;
  return (document) => {
    // The index finds the runs by the id of the load test, and only a conversion gives the id.
    const withoutRuns = { recentRuns: [], count: 0, lastRunAt: undefined };
    const first = loadTestOf(document, context, withoutRuns);
    if (!first.ok) return first;
    const { id } = first.value.loadTest;
    return mapOutcome(loadTestOf(document, context, runs.of(id)), ({ loadTest, script }) => {
      const { revisionId, isFirst, extra, kept } = inlineScriptOf(deps, loadTest, script);
      const { latestRevisionId: given, ...rest } = loadTest;
      const latest =
        given !== undefined && revisions.has(id, given)
          ? given
          : (revisionId ?? revisions.newest(id));
      const gone = given !== undefined && given !== latest;
      const unused = {
        ...(gone ? { latestRevisionId: given } : {}),
        ...(kept === undefined ? {} : { script: kept }),
      };
      const entity = {
        ...rest,
        ...(latest === undefined ? {} : { latestRevisionId: latest }),
        ...(Object.keys(unused).length === 0
          ? {}
          : { metadata: withLegacy(loadTest.metadata, unused) }),
      };
      return {
        into: newOf("load_tests"),
        document: { _id: id, ...toDocument(entity), nameKey: nameKey(entity.name) },
        extra,
        entity,
        ...(isFirst === true ? { isFirstRevision: true } : {}),
      };
    });
  };
};

const revisionStep =
  ({ revisions }: StepDeps): Step =>
  (document) => {
    const outcome = revisionOf(document);
    if (!outcome.ok) return outcome;
    const { script, metadata, revision: old } = outcome.value;
    const revisionNumber = revisions.numberFor(old.loadTestId, old.revisionNumber);
    const kept = revisionNumber === old.revisionNumber;
    const repaired: readonly Repair[] = kept
      ? outcome.repaired
      : [...outcome.repaired, "revision_number"];
    const revision = { ...old, revisionNumber };
    revisions.add(revision);
    const nothingToKeep = kept || old.revisionNumber === 0;
    const whole = nothingToKeep
      ? metadata
      : withLegacy(metadata, { revisionNumber: old.revisionNumber });
    return {
      ok: true,
      repaired,
      value: {
        into: newOf("script_revisions"),
        document: revisionDocument(revision, whole),
        extra: script === undefined ? [] : blobsOf(script, revision.files[0]?.sha256 ?? ""),
        entity: revision,
      },
    };
  };

const runStep =
  (context: Context): Step =>
  (document) =>
    mapOutcome(runOf(document, context), ({ run, live }) => ({
      into: newOf("load_test_runs"),
      document: { _id: run.id, ...toDocument(run), nameKey: nameKey(run.name) },
      extra:
        live === undefined
          ? []
          : [{ into: newOf("run_live"), document: liveDocument(run.id, live) }],
      entity: run,
    }));

/** A record is the difference from the snapshot before: the snapshots are sorted first, and become records afterwards. */
const metricStep =
  (context: Context): Step =>
  (document) => {
    if (isTodaysRecord(document)) return unchanged("metrics_timeseries")(document);
    const { _id } = document;
    return mapOutcome(metricOf(document, context), (metric) => ({
      into: SORTING,
      document: {
        _id: orderKey(metric, idText(_id)),
        runId: metric.runId,
        json: JSON.stringify(metric),
      },
      extra: [],
      entity: metric,
    }));
  };

/** The step of a collection whose documents are the same today. */
const unchanged =
  (name: string): Step =>
  (document) => {
    if (typeof document["_id"] !== "string") return left("it has no usable id");
    const own = document as StoredDocument;
    return {
      ok: true,
      repaired: [],
      value: { into: newOf(name), document: own, extra: [], entity: own },
    };
  };

/** Why a converted document is left nevertheless. */
export const faultOf = (
  converted: Converted,
  seen: ReadonlySet<string> | undefined,
): string | undefined => {
  if (seen?.has(converted.document._id) === true) {
    return `an earlier document has the id ${JSON.stringify(converted.document._id)}`;
  }
  return fits(converted.document) ? undefined : "it would be larger than 16 MB";
};

/** The step of each target, by the target's name. */
export const createSteps = (context: Context, deps: StepDeps): Readonly<Record<string, Step>> => ({
  script_blobs: unchanged("script_blobs"),
  run_live: unchanged("run_live"),
  script_revisions: revisionStep(deps),
  load_test_runs: runStep(context),
  load_tests: loadTestStep(context, deps),
  metrics_timeseries: metricStep(context),
});
