import { createHash } from "node:crypto";
import type { SnapshotInput } from "@load-manager/contract/plugin/callbacks.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { LIMIT } from "../codec/totals.ts";
import type { SnapshotNote } from "../codec/sample.ts";
import {
  type Counted,
  countedBy,
  type Fold,
  isContinuedBy,
  orderOf,
  requestsOf,
} from "../codec/snapshot-deltas.ts";
import {
  hasSeveralReporters,
  type MasterInstance,
  type RunAggregate,
} from "../live/run-aggregate.ts";
import { loadEndOf, type SnapshotOrigin } from "./snapshot-contents.ts";

/** A post that is older than this does not arrive any more, and a poster that posts is not silent for longer. */
const SILENT_SECONDS = 10;
/** So many lower totals must follow each other before a process has proved to have begun again. */
const PROVING_POSTS = 3;
/** More posters at one address than this are not told apart. */
const MAX_SERIES = 20;

type Noted = {
  readonly id: string;
  readonly instance: MasterInstance;
  readonly note: NonNullable<MasterInstance["snapshot"]>;
};

/** The instances of one series: one, and one more for each reset. */
type Series = { readonly last: Noted | undefined; readonly nextId: string };

/** Where a snapshot belongs, and what of it counts. */
export type Place = {
  /** The instance that it continues, whether or not its counts begin anew. */
  readonly last: Noted | undefined;
  readonly nextId: string;
  readonly note: Pick<SnapshotNote, "series" | "isOther" | "isSeveral" | "began">;
  readonly counts:
    | { readonly since: "last"; readonly counted: Counted }
    | { readonly since: "zero" }
    /** Beyond what all series have counted together. */
    | { readonly since: "all" }
    | { readonly since: "nothing" };
  /** Its series, as far as its posters are known. */
  readonly isSeveral: boolean;
};

/** Snapshots name no master process. A series gets an instance per reset; its id is the same on every server. */
const instanceIdOf = (runId: string, series: string, number: number): string =>
  createHash("sha256").update(`${runId} ${series} ${number}`).digest("hex").slice(0, 32);

const nameOf = ({ source, reporter }: SnapshotOrigin, series: number): string =>
  [source, ...(reporter === undefined ? [] : [reporter]), ...(series === 0 ? [] : [series])].join(
    " ",
  );

/** By its number, since a server that read them from the store has the instances in the order of their ids. Migrated ones have ids of another kind. */
const seriesOf = (runId: string, name: string, instances: readonly Noted[]): Series => {
  const numbered = instanceIdOf(runId, name, instances.length - 1);
  const last =
    instances.find(({ id }) => id === numbered) ??
    instances.toSorted((a, b) => a.note.second - b.note.second).at(-1);
  return { last, nextId: instanceIdOf(runId, name, instances.length) };
};

/**
 * Two sources that report the same requests would count them twice: only the first one is recorded. Locust's page is the
 * master's own view, so that it joins where several processes post, and once the load has ended; final totals that are posted
 * for a run whose page is polled are what the run has at least.
 */
const mayJoin = (
  run: LoadTestRun,
  { source, final = false }: SnapshotOrigin,
  { hasOwn, isSeveral, isFinal }: { hasOwn: boolean; isSeveral: boolean; isFinal: boolean },
): boolean =>
  source === "json" ? final || hasOwn : isSeveral || isFinal || loadEndOf(run) !== undefined;

const secondOf = ({ last }: Series): number => last?.note.second ?? 0;

/** A snapshot whose total is below the largest of its address: of another process there, or of one that has begun again. */
const besideLead = (
  origin: SnapshotOrigin,
  snapshot: SnapshotInput,
  lead: { readonly series: Series; readonly last: Noted },
  others: readonly { readonly number: number; readonly series: Series }[],
  nextOther: (number: number) => Series,
  wasSeveral: boolean,
): Place => {
  const known = others
    .flatMap(({ number, series }) => (series.last === undefined ? [] : { number, series }))
    .toSorted((a, b) => secondOf(b.series) - secondOf(a.series));
  const continued = known.filter(({ series }) =>
    isContinuedBy(series.last?.note.snapshot, snapshot),
  );
  const found = continued[0] ?? (known.length < MAX_SERIES ? undefined : known.at(-1));
  const number = found?.number ?? known.length + 1;
  const { last, nextId } = found?.series ?? nextOther(number);
  const { id: leader, instance } = lead.last;
  const before = last?.note.began?.leader === leader ? last.note.began : undefined;
  const began = before ?? { leader, leaderUpTo: instance.upTo, upTo: last?.instance.upTo ?? 0 };
  // The newest one may be of a process that does nothing, which anyone seems to continue.
  const isInTurns = ({ series }: { readonly series: Series }): boolean => {
    const { last: newest } = series;
    const since = newest?.note.began;
    if (newest === undefined || since?.leader !== leader) return false;
    return newest.instance.upTo - since.upTo >= 2 && instance.upTo > since.leaderUpTo;
  };
  const inTurns =
    (before !== undefined && instance.upTo > before.leaderUpTo) || continued.some(isInTurns);
  const isSecondEnd = origin.final === true && instance.final !== undefined;
  const isSeveral = wasSeveral || inTurns || isSecondEnd;
  const posts = (last?.instance.upTo ?? 0) - began.upTo + 1;
  const silentFor = Math.floor(origin.at / 1000) - lead.last.note.second;
  if (!isSeveral && posts >= PROVING_POSTS && silentFor > SILENT_SECONDS) {
    return {
      last: lead.last,
      nextId: lead.series.nextId,
      note: {},
      counts: { since: "zero" },
      isSeveral,
    };
  }
  const note = { series: number, isOther: true, began, ...(isSeveral ? { isSeveral } : {}) };
  return { last, nextId, note, counts: { since: "nothing" }, isSeveral };
};

/** Where a snapshot belongs while one poster alone is known at its address, and nobody elsewhere. */
const placeAlone = (
  run: LoadTestRun,
  snapshot: SnapshotInput,
  origin: SnapshotOrigin,
  own: readonly Noted[],
  context: { readonly fold: Fold; readonly wasSeveral: boolean },
): Place | undefined => {
  const { final = false } = origin;
  const numbered = (number: number): Series =>
    seriesOf(
      run.id,
      nameOf(origin, number),
      own.filter(({ note }) => (note.series ?? 0) === number),
    );
  const series = numbered(0);
  const { last, nextId } = series;
  const isSeveral = context.wasSeveral;
  const note = {};
  if (last === undefined) return { last, nextId, note, counts: { since: "zero" }, isSeveral };
  const counted = countedBy(last.note, context.fold);
  const order = orderOf(last.note, counted, snapshot);
  const end = last.instance.final;
  if (order === "next") {
    if (end === undefined)
      return { last, nextId, note, counts: { since: "last", counted }, isSeveral };
    // The one that has ended the test need not be the one that has counted all of it.
    if (snapshot.totalRequests <= requestsOf(counted.values())) return undefined;
    if (!final && run.finishedAt !== undefined) return undefined;
    const several = isSeveral || final;
    const said = final ? { isSeveral: true } : {};
    return { last, nextId, note: said, counts: { since: "last", counted }, isSeveral: several };
  }
  if (order === "reset") return { last, nextId, note, counts: { since: "zero" }, isSeveral };
  if (order === "older") {
    const nothing = { last, nextId, note, counts: { since: "nothing" }, isSeveral } as const;
    return final && end === undefined ? nothing : undefined;
  }
  if (end !== undefined && !final) return undefined;
  const numbers = [...new Set(own.map((one) => one.note.series ?? 0))].filter((one) => one > 0);
  const others = numbers.map((number) => ({ number, series: numbered(number) }));
  return besideLead(origin, snapshot, { series, last }, others, numbered, isSeveral);
};

/**
 * Where a snapshot belongs; `undefined` where it does not count and is not stored. Where several processes post totals of the
 * run, each of them may be a part of what another one posts: the run has the largest, and nothing is added up.
 */
export const placeOf = (
  runAggregate: RunAggregate,
  run: LoadTestRun,
  snapshot: SnapshotInput,
  origin: SnapshotOrigin,
  fold: Fold,
): Place | undefined => {
  const { source, reporter, final = false } = origin;
  const noted = [...runAggregate.masterInstances].flatMap(([id, instance]) =>
    instance.snapshot === undefined ? [] : { id, instance, note: instance.snapshot },
  );
  // The plugin's figures count, and nothing beside them.
  if (noted.length < runAggregate.masterInstances.size) return undefined;
  const ofSource = noted.filter(({ note }) => note.source === source);
  const foreign = noted.filter(({ note }) => note.source !== source);
  const wasSeveral = hasSeveralReporters(runAggregate);
  const isFinal = foreign.some(({ instance }) => instance.final !== undefined);
  const hasOwn = ofSource.length > 0;
  if (foreign.length > 0 && !mayJoin(run, origin, { hasOwn, isSeveral: wasSeveral, isFinal }))
    return undefined;
  // Migrated series have no reporter, nor do those from before there were any.
  const isOwn = ({ note }: Noted): boolean =>
    note.reporter === undefined || note.reporter === reporter;
  const own = ofSource.filter(isOwn);
  if (own.length === noted.length)
    return placeAlone(run, snapshot, origin, own, { fold, wasSeveral });
  const isFirst = ({ note }: Noted): boolean => (note.series ?? 0) === 0;
  const { last, nextId } = seriesOf(run.id, nameOf(origin, 0), own.filter(isFirst));
  const isSeveral = wasSeveral || ofSource.some((one) => !isOwn(one));
  const isLarger = snapshot.totalRequests >= Math.min(runAggregate.requests, LIMIT);
  const isMore = snapshot.totalRequests > runAggregate.requests;
  const isTooLate = !isMore || (!final && run.finishedAt !== undefined);
  if (last?.instance.final !== undefined && isTooLate) return undefined;
  return {
    last,
    nextId,
    note: isLarger ? {} : { isOther: true },
    counts: { since: isLarger ? "all" : "nothing" },
    isSeveral,
  };
};
