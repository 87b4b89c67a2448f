import { Worker } from "node:worker_threads";
import { PROBLEMS, type ProblemKind } from "@load-manager/contract/api/problem.ts";
import { AppError, messageOf } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { DumpPage, DumpRecords, KindDump } from "../dump.ts";
import type { MetricStore } from "../model/metric-store.ts";
import { folderError, noRoom } from "./errors.ts";
import {
  type Answer,
  type Answers,
  type Call,
  pack,
  type Reply,
  unpack,
} from "./metrics-messages.ts";
import type { MetricDumps } from "./dump.ts";
import type { MetricKind } from "./metrics-dump.ts";
import type { Trouble } from "./trouble.ts";

type Waiting = {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
};

export type SqliteMetrics = {
  readonly store: MetricStore;
  readonly dumps: MetricDumps;
  readonly ping: () => Promise<void>;
  /** Calls that the thread has not answered yet. */
  readonly queueLength: () => number;
  /** What was appended before is committed first. */
  readonly close: () => Promise<void>;
};

const isKind = (kind: string): kind is ProblemKind => Object.hasOwn(PROBLEMS, kind);

type Ask = <C extends Call>(call: C, moved?: readonly ArrayBuffer[]) => Promise<Answers[C["do"]]>;

/** The thread that owns the file, as a function that asks it. */
type MetricsThread = {
  readonly ask: Ask;
  /** Resolves when the database is open. */
  readonly ready: Promise<Answer>;
  readonly exited: Promise<void>;
  readonly hasEnded: () => boolean;
  readonly queueLength: () => number;
};

const startThread = (
  file: string,
  dataDir: string,
  trouble: Trouble,
  log: Log | undefined,
): MetricsThread => {
  const waiting = new Map<number, Waiting>();
  let ended: Error | undefined;
  const worker = new Worker(new URL("./metrics-worker.ts", import.meta.url), {
    workerData: { file },
    name: "load-manager metrics",
  });
  const end = (error: Error): void => {
    ended ??= error;
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  const errorOf = (reply: Extract<Reply, { ok: false }>): Error => {
    if (reply.kind !== undefined && isKind(reply.kind)) {
      return new AppError(reply.kind, reply.message);
    }
    const error = Object.assign(new Error(reply.message), { code: reply.code });
    trouble.met(error, "metrics.db");
    return folderError(error, dataDir, "metrics.db");
  };
  worker.on("message", (reply: Reply) => {
    const waiter = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (reply.ok) waiter?.resolve(reply.answer);
    else waiter?.reject(errorOf(reply));
  });
  worker.on("error", (error) => {
    log?.error(
      { event: "metrics_thread_failed", error: messageOf(error) },
      "The thread that stores metrics failed.",
    );
    end(
      new AppError("unavailable", "Metrics cannot be stored: the server must be started again.", {
        cause: error,
      }),
    );
  });
  const exited = new Promise<void>((resolve) => {
    worker.once("exit", () => {
      end(new AppError("unavailable", "The store is closed."));
      resolve();
    });
  });
  const expect = (id: number): Promise<Answer> =>
    new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));

  let calls = 0;
  const ask: Ask = <C extends Call>(call: C, moved: readonly ArrayBuffer[] = []) => {
    if (ended !== undefined) return Promise.reject<Answers[C["do"]]>(ended);
    calls += 1;
    // `Answers` has the type of the answer to each call.
    const answer = expect(calls) as Promise<Answers[C["do"]]>;
    worker.postMessage({ id: calls, call }, [...moved]);
    return answer;
  };
  return {
    ask,
    ready: expect(0),
    exited,
    hasEnded: () => ended !== undefined,
    queueLength: () => waiting.size,
  };
};

const dumpsOf = (ask: Ask): MetricDumps => {
  const dumpOf = <K extends MetricKind>(kind: K): KindDump<DumpRecords[K]> => ({
    // The thread returns records of the kind that the call names.
    walk: (after) => ask({ do: "walk", kind, after }) as Promise<DumpPage<DumpRecords[K]>>,
    put: async (records) => {
      await ask({ do: "put", kind, records });
    },
    count: () => ask({ do: "count", kind }),
    clear: async () => {
      await ask({ do: "clear", kind });
    },
  });
  return {
    metrics_timeseries: dumpOf("metrics_timeseries"),
    metrics_rollups: dumpOf("metrics_rollups"),
    metrics_compacted: dumpOf("metrics_compacted"),
  };
};

const storeOf = (ask: Ask, dataDir: string, trouble: Trouble): MetricStore => {
  /** A full disk keeps its last room for the ends of runs: metrics can wait in the spools of the plugins. */
  const needRoom = (has = trouble.hasRoom()): void => {
    if (!has) throw folderError(noRoom(), dataDir, "metrics.db");
  };
  return {
    append: async (records) => {
      if (records.length === 0) return { inserted: [], conflicting: [] };
      needRoom();
      const packed = pack(records);
      return ask({ do: "append", records: packed }, [packed.bodies.buffer]);
    },
    read: async (runId, range) => unpack(await ask({ do: "read", runId, range })),
    readAfter: async (runId, cursor, limit) =>
      unpack(await ask({ do: "readAfter", runId, cursor: new Map(cursor), limit })),
    readRollups: async (runId, query) => {
      const answer = await ask({
        do: "readRollups",
        runId,
        rollups: query.rollups,
        records: query.records,
      });
      const { rollups, records, compacted } = answer;
      return { rollups: unpack(rollups), records: unpack(records), compacted: [...compacted] };
    },
    compact: async (runId, records, rollups) => {
      needRoom();
      const keys = records.map(({ masterInstanceId, seq }) => ({ masterInstanceId, seq }));
      const packed = pack(rollups);
      return ask({ do: "compact", runId, records: keys, rollups: packed }, [packed.bodies.buffer]);
    },
    uncompacted: (beforeSecond) => ask({ do: "uncompacted", beforeSecond }),
    expire: async (level, beforeStart, keptRunIds) => {
      needRoom();
      await ask({ do: "expire", level, beforeStart, keptRunIds });
    },
    deleteRun: async (runId) => {
      needRoom(trouble.hasRoomToDelete());
      await ask({ do: "deleteRun", runId });
    },
  };
};

/** Starts the thread that owns the file; resolves when the database is open. */
export const openSqliteMetrics = async (
  file: string,
  dataDir: string,
  trouble: Trouble,
  log?: Log,
): Promise<SqliteMetrics> => {
  const { ask, ready, exited, hasEnded, queueLength } = startThread(file, dataDir, trouble, log);
  try {
    await ready;
  } catch (error) {
    await exited;
    throw error;
  }
  return {
    store: storeOf(ask, dataDir, trouble),
    dumps: dumpsOf(ask),
    ping: async () => {
      await ask({ do: "ping" });
    },
    queueLength,
    close: async () => {
      if (!hasEnded()) await ask({ do: "close" });
      await exited;
    },
  };
};
