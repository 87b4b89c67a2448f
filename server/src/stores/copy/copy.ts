import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { AppError } from "../../lib/errors.ts";
import { DUMP_KINDS, type DumpKind, type DenormalizedTotalsOf } from "../dump.ts";
import type { DenormalizedTotals, MetricRecord } from "../model/metric-store.ts";
import type { Stores } from "../ports.ts";
import { type Unfinished, unfinishedError } from "../shared/unfinished.ts";
import { type Sum, sumOf } from "./checksum.ts";
import { refuseActiveRuns, refuseInUse } from "./in-use.ts";

type Progress = {
  /** The source's place up to which everything is there. */
  readonly last?: string;
  readonly done?: true;
};
type Mark = Unfinished & {
  readonly what: "copy";
  /** The process that copies. Where another takes over, this one ends. */
  readonly owner: string;
  readonly progress: Partial<Record<DumpKind, Progress>>;
};

export type CopyDeps = {
  readonly source: Stores;
  readonly target: Stores;
  /** What the two are, as a person would name them. */
  readonly from: string;
  readonly to: string;
  readonly owner: string;
  readonly force: boolean;
  readonly totalsOf: (run: LoadTestRun, record: MetricRecord) => DenormalizedTotals;
  readonly sleep: (ms: number) => Promise<void>;
  readonly say: (line: string) => void;
  readonly onProgress: (what: string, done: number, total: number) => void;
};

type Comparison = { readonly kind: DumpKind; readonly source: Sum; readonly target: Sum };
export type Copied = {
  readonly comparisons: readonly Comparison[];
  readonly same: boolean;
  /** Runs that wait, in both stores now. */
  readonly waiting: number;
};

const messagesOf = (kind: DumpKind): string => kind.replaceAll("_", " ");

const isSame = ({ source, target }: Comparison): boolean =>
  source.count === target.count && source.checksum === target.checksum;

/** The mark of an earlier try of the same copy; `undefined` where the target is empty. */
const earlier = async ({ target, from, to }: CopyDeps): Promise<Mark | undefined> => {
  const text = await target.dump.mark();
  if (text !== undefined) {
    const mark = JSON.parse(text) as Mark;
    if (mark.what === "copy" && mark.source === from) return mark;
    throw unfinishedError(to, text);
  }
  const there: string[] = [];
  for (const kind of DUMP_KINDS) {
    // A count may include records that no longer count.
    if ((await target.dump.count(kind)) === 0) continue;
    const { records, last } = await target.dump.walk(kind);
    if (records.length > 0 || last !== undefined) {
      there.push(`${kind} (${await target.dump.count(kind)})`);
    }
  }
  if (there.length === 0) return undefined;
  throw new AppError(
    "conflict",
    `${to} is not empty: it holds ${there.join(", ")}. A copy goes into an empty store only; name another one.`,
  );
};

/** Marks on the target what has been copied, each time after it is stored. */
const marking = (deps: CopyDeps) => {
  const { target, from, to, owner } = deps;
  let seen: string | undefined;
  let mark: Mark = {
    what: "copy",
    source: from,
    command: `load-manager store copy --from ${from} --to ${to}`,
    owner,
    progress: {},
  };
  const set = async (text: string | undefined): Promise<void> => {
    if (await target.dump.setMark(seen, text)) {
      seen = text;
      return;
    }
    throw new AppError("conflict", `Another process has taken over the copy to ${to}.`);
  };
  return {
    begin: async (before: Mark | undefined): Promise<void> => {
      seen = await target.dump.mark();
      mark = { ...mark, progress: before?.progress ?? {} };
      await set(JSON.stringify(mark));
    },
    of: (kind: DumpKind): Progress => mark.progress[kind] ?? {},
    save: async (kind: DumpKind, progress: Progress): Promise<void> => {
      mark = { ...mark, progress: { ...mark.progress, [kind]: progress } };
      await set(JSON.stringify(mark));
    },
    end: () => set(undefined),
  };
};

const plainFor = ({ source, totalsOf }: CopyDeps) => {
  let known: { readonly id: string; readonly run: LoadTestRun | undefined } | undefined;
  /** The totals of records; their runs are read first. */
  return async (records: readonly MetricRecord[]): Promise<DenormalizedTotalsOf> => {
    const runs = new Map<string, LoadTestRun | undefined>();
    for (const { runId } of records) {
      if (runs.has(runId)) continue;
      if (known?.id !== runId) known = { id: runId, run: await source.runs.get(runId) };
      runs.set(runId, known.run);
    }
    return (record) => {
      const run = runs.get(record.runId);
      return run === undefined ? undefined : totalsOf(run, record);
    };
  };
};

/**
 * Copies everything and compares it afterwards. The same call completes what was broken off, at any moment; until it is
 * complete and the same, the target is marked, and no server starts on it.
 */
export const copyStore = async (deps: CopyDeps): Promise<Copied> => {
  const { source, target, from, to, sleep, say, onProgress } = deps;
  const waiting = await refuseActiveRuns(source, from);
  const before = await earlier(deps);
  if (!deps.force) await refuseInUse(source, from, sleep);
  const marks = marking(deps);
  await marks.begin(before);
  try {
    // A server may have been started on the empty target before the mark was there.
    await refuseInUse(target, to, sleep);
  } catch (error) {
    if (before === undefined) await marks.end();
    throw error;
  }
  if (before !== undefined) say(`A copy of ${from} was broken off; it goes on.`);
  const denormalizedTotalsOf = plainFor(deps);

  const copyKind = async (kind: DumpKind): Promise<void> => {
    const total = await source.dump.count(kind);
    const { last, done } = marks.of(kind);
    if (done === true) return;
    let copied = last === undefined ? 0 : await target.dump.count(kind);
    for (let after = last; ;) {
      const page = await source.dump.walk(kind, after);
      const totalsOf =
        kind === "metrics_timeseries"
          ? await denormalizedTotalsOf(page.records as readonly MetricRecord[])
          : undefined;
      await target.dump.put(kind, page.records, totalsOf);
      copied += page.records.length;
      if (page.last === undefined) break;
      onProgress(`Copying ${messagesOf(kind)}`, copied, Math.max(total, copied));
      after = page.last;
      await marks.save(kind, { last: after });
    }
    await marks.save(kind, { done: true });
  };

  const compare = async (kind: DumpKind): Promise<Comparison> => {
    const total = await source.dump.count(kind);
    const [ofSource, ofTarget] = await Promise.all([
      sumOf(source.dump, kind),
      sumOf(target.dump, kind, (count) =>
        onProgress(`Comparing ${messagesOf(kind)}`, count, Math.max(total, count)),
      ),
    ]);
    return { kind, source: ofSource, target: ofTarget };
  };

  for (const kind of DUMP_KINDS) await copyKind(kind);
  const comparisons: Comparison[] = [];
  for (const kind of DUMP_KINDS) {
    let comparison = await compare(kind);
    if (!isSame(comparison) && before !== undefined) {
      say(`The ${messagesOf(kind)} have changed since the copy was begun; copied anew.`);
      await marks.save(kind, {});
      await target.dump.clear(kind);
      await copyKind(kind);
      comparison = await compare(kind);
    }
    comparisons.push(comparison);
  }
  const same = comparisons.every(isSame);
  if (same) await marks.end();
  return { comparisons, same, waiting };
};
