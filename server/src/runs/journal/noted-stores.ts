import type { LoadTest } from "@load-manager/contract/model/load-test.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { LoadTestStore } from "../../stores/model/load-test.ts";
import type { RunStore } from "../../stores/model/load-test-run.ts";

type Noted = { readonly loadTests: LoadTestStore; readonly runs: RunStore };

/** Is told what has been written, once it is stored. */
type Note = {
  readonly noteLoadTest: (loadTest: LoadTest) => void;
  readonly noteLoadTestGone: (loadTest: LoadTest) => void;
  readonly noteRun: (run: LoadTestRun) => void;
};

/** The same stores; what is written through them is told at once. */
export const notedStores = <Stores extends Noted>(stores: Stores, changes: Note): Stores => {
  const { loadTests, runs } = stores;
  const noteStored = async (id: string): Promise<void> => {
    const loadTest = await loadTests.get(id);
    if (loadTest !== undefined) changes.noteLoadTest(loadTest);
  };
  return {
    ...stores,
    loadTests: {
      ...loadTests,
      create: async (loadTest) => {
        await loadTests.create(loadTest);
        changes.noteLoadTest(loadTest);
      },
      update: async (...args) => {
        const updated = await loadTests.update(...args);
        if (updated !== undefined) changes.noteLoadTest(updated);
        return updated;
      },
      setRecentRuns: async (...args) => {
        const isSet = await loadTests.setRecentRuns(...args);
        if (isSet) await noteStored(args[0]);
        return isSet;
      },
      delete: async (id, version) => {
        const loadTest = await loadTests.get(id);
        const isDeleted = await loadTests.delete(id, version);
        if (isDeleted && loadTest !== undefined) changes.noteLoadTestGone(loadTest);
        return isDeleted;
      },
    },
    runs: {
      ...runs,
      create: async (run) => {
        await runs.create(run);
        changes.noteRun(run);
      },
      update: async (...args) => {
        const updated = await runs.update(...args);
        if (updated !== undefined) changes.noteRun(updated);
        return updated;
      },
    },
  };
};
