import { Worker } from "node:worker_threads";
import type { Rollup } from "../../stores/model/metric-store.ts";
import type { BuildAnswer, BuildRequest } from "./compactor-worker.ts";

type Waiting = {
  readonly resolve: (rollups: readonly Rollup[]) => void;
  readonly reject: (error: Error) => void;
};

/** Builds rollups in a worker thread, which is started when first needed and again after it has failed. */
export const createBuilder = () => {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let lastId = 0;

  const fail = (error: Error): void => {
    worker = undefined;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };

  const startWorker = (): Worker => {
    const started = new Worker(new URL("./compactor-worker.ts", import.meta.url), {
      name: "load-manager compactor",
    });
    started.unref();
    started.on("message", (answer: BuildAnswer) => {
      const request = waiting.get(answer.id);
      waiting.delete(answer.id);
      if ("rollups" in answer) request?.resolve(answer.rollups);
      else request?.reject(new Error(answer.error));
    });
    started.on("error", fail);
    started.on("exit", () => fail(new Error("the compactor's worker thread has ended")));
    return started;
  };

  return {
    build: (request: Omit<BuildRequest, "id">): Promise<readonly Rollup[]> =>
      new Promise((resolve, reject) => {
        lastId += 1;
        waiting.set(lastId, { resolve, reject });
        worker ??= startWorker();
        worker.postMessage({ id: lastId, ...request }, []);
      }),
    stop: async (): Promise<void> => {
      await worker?.terminate();
    },
  };
};
