import type { DumpPage, DumpRecords } from "../dump.ts";
import type { MetricKind } from "./metrics-dump.ts";
import type {
  AppendResult,
  Rollup,
  RollupQuery,
  CompactedRange,
  MetricStore,
  MetricRecord,
} from "../model/metric-store.ts";

/** Things with bytes as they travel between the threads: the bytes in one buffer that is moved, not copied. */
export type Packed<T extends { readonly body: Uint8Array }> = {
  readonly items: readonly Omit<T, "body">[];
  /** The end of each body in `bodies`; it begins where the one before ends. */
  readonly ends: readonly number[];
  readonly bodies: Uint8Array<ArrayBuffer>;
};

type RecordsQuery = Parameters<MetricStore["readRollups"]>[1]["records"];

export type Call =
  | { readonly do: "append"; readonly records: Packed<MetricRecord> }
  | {
      readonly do: "read";
      readonly runId: string;
      readonly range?: { readonly fromSecond: number; readonly toSecond: number } | undefined;
    }
  | {
      readonly do: "readAfter";
      readonly runId: string;
      readonly cursor: ReadonlyMap<string, number>;
      readonly limit: number;
    }
  | {
      readonly do: "readRollups";
      readonly runId: string;
      readonly rollups: readonly RollupQuery[];
      readonly records: RecordsQuery;
    }
  | {
      readonly do: "compact";
      readonly runId: string;
      readonly records: readonly Pick<MetricRecord, "masterInstanceId" | "seq">[];
      readonly rollups: Packed<Rollup>;
    }
  | { readonly do: "uncompacted"; readonly beforeSecond: number }
  | {
      readonly do: "expire";
      readonly level: number;
      readonly beforeStart: number;
      readonly keptRunIds: readonly string[];
    }
  | { readonly do: "deleteRun"; readonly runId: string }
  | { readonly do: "walk"; readonly kind: MetricKind; readonly after: string | undefined }
  | {
      readonly do: "put";
      readonly kind: MetricKind;
      readonly records: readonly DumpRecords[MetricKind][];
    }
  | { readonly do: "count"; readonly kind: MetricKind }
  | { readonly do: "clear"; readonly kind: MetricKind }
  | { readonly do: "ping" }
  | { readonly do: "close" };

type PackedReading = {
  readonly rollups: Packed<Rollup>;
  readonly records: Packed<MetricRecord>;
  readonly compacted: readonly CompactedRange[];
};

/** What each call is answered with. */
export type Answers = {
  readonly append: AppendResult;
  readonly read: Packed<MetricRecord>;
  readonly readAfter: Packed<MetricRecord>;
  readonly readRollups: PackedReading;
  readonly compact: boolean;
  readonly uncompacted: Awaited<ReturnType<MetricStore["uncompacted"]>>;
  readonly expire: undefined;
  readonly deleteRun: undefined;
  readonly walk: DumpPage<DumpRecords[MetricKind]>;
  readonly put: undefined;
  readonly count: number;
  readonly clear: undefined;
  readonly ping: undefined;
  readonly close: undefined;
};
export type Answer = Answers[keyof Answers];

export type Request = { readonly id: number; readonly call: Call };
export type Reply =
  | { readonly id: number; readonly ok: true; readonly answer: Answer }
  | {
      readonly id: number;
      readonly ok: false;
      readonly message: string;
      readonly code: string | undefined;
      readonly kind: string | undefined;
    };

/** The one copy of the bodies: a caller may use its bytes again at once. */
export const pack = <T extends { readonly body: Uint8Array }>(list: readonly T[]): Packed<T> => {
  const ends: number[] = [];
  let size = 0;
  for (const { body } of list) ends.push((size += body.byteLength));
  const bodies = new Uint8Array(size);
  for (const [index, { body }] of list.entries()) bodies.set(body, ends[index - 1] ?? 0);
  const items = list.map((one) => {
    const { body: _, ...rest } = one;
    return rest;
  });
  return { items, ends, bodies };
};

/** The bodies are views of the packed buffer. */
export const unpack = <T extends { readonly body: Uint8Array }>({
  items,
  ends,
  bodies,
}: Packed<T>): T[] =>
  items.map(
    (item, index) => ({ ...item, body: bodies.subarray(ends[index - 1] ?? 0, ends[index]) }) as T,
  );
