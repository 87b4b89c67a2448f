import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { MetricSnapshot } from "@load-manager/contract/model/stats.ts";
import type { Access } from "../../auth/access.ts";
import { notFound } from "../../lib/errors.ts";
import type { RunMetrics } from "../../metrics/run-metrics.ts";
import { changeLoad } from "../../runs/commands/change-load.ts";
import { createTestRun } from "../../runs/commands/create.ts";
import { deleteRun } from "../../runs/commands/delete.ts";
import { stopTestRun } from "../../runs/commands/stop.ts";
import { updateRun } from "../../runs/commands/update.ts";
import { addNote } from "../../runs/commands/add-note.ts";
import { isTerminal } from "../../runs/domain/states.ts";
import type { LoadTestStore } from "../../stores/model/load-test.ts";
import type { RunReader } from "../../stores/model/load-test-run.ts";
import type { Handlers } from "../bind.ts";
import { createOnce } from "../idempotency.ts";
import { visibleLoadTest } from "./load-tests.ts";

type Keys =
  | "createRun"
  | "listLoadTestRuns"
  | "listRuns"
  | "getRun"
  | "updateRun"
  | "deleteRun"
  | "stopRun"
  | "changeRunLoad"
  | "addRunEvent"
  | "listRunEvents";

type Deps = Parameters<typeof createTestRun>[0] &
  Parameters<typeof deleteRun>[0] & {
    readonly runs: RunReader;
    readonly loadTests: LoadTestStore;
    readonly metrics: Pick<RunMetrics, "snapshot">;
  };

/** The run, where the caller may see it; otherwise the same 404 as for a run that does not exist. */
const runInScope = async (runs: RunReader, access: Access, id: string): Promise<LoadTestRun> => {
  const run = await runs.get(id);
  if (run === undefined) throw notFound("run", id);
  access.check(run, "run", id);
  return run;
};

/** A run that is being deleted is not shown, since its metrics may be gone already. */
export const visibleRunOf = async (
  runs: RunReader,
  access: Access,
  id: string,
): Promise<LoadTestRun> => {
  const run = await runInScope(runs, access, id);
  if (run.deletingAt !== undefined) throw notFound("run", id);
  return run;
};

const withLive = (run: LoadTestRun, lastMetrics: MetricSnapshot | undefined) =>
  lastMetrics === undefined ? run : { ...run, lastMetrics };

/** `wake` reconciles a run, or the runs that wait, without delay. */
export const runHandlers = (deps: Deps, wake: (runId?: string) => void): Pick<Handlers, Keys> => {
  const { runs, events } = deps;

  const visibleRun = (access: Access, id: string) => visibleRunOf(runs, access, id);
  const answer = async (run: LoadTestRun) => {
    // A run is shown without its live metrics where they cannot be read.
    if (run.settledAt === undefined)
      return withLive(run, await deps.metrics.snapshot(run).catch(() => undefined));
    return withLive(run, (await runs.getLive([run.id])).get(run.id));
  };
  const list = async (access: Access, query: Parameters<typeof runs.list>[0]) => {
    const { items, ...rest } = await runs.list(query, access.visible);
    const live = await runs.getLive(items.map((run) => run.id));
    return { body: { items: items.map((run) => withLive(run, live.get(run.id))), ...rest } };
  };

  return {
    createRun: async ({ params, body, access, actor, newId }) => {
      const loadTest = await visibleLoadTest(deps.loadTests, access, params.loadTestId);
      const run = await createOnce(
        () => runs.get(newId),
        () => createTestRun(deps, loadTest, body, actor, newId),
      );
      wake();
      return { body: run, headers: { location: `/v1/runs/${run.id}` } };
    },
    listLoadTestRuns: async ({ params, query, access }) => {
      const loadTest = await visibleLoadTest(deps.loadTests, access, params.loadTestId);
      return list(access, { ...query, loadTestId: loadTest.id });
    },
    listRuns: ({ query, access }) => list(access, query),
    getRun: async ({ params, access }) => ({
      body: await answer(await visibleRun(access, params.runId)),
    }),
    updateRun: async ({ params, body, access, actor, ifMatch }) => {
      const run = await runInScope(runs, access, params.runId);
      return { body: await answer(await updateRun(deps, run, body, ifMatch, actor)) };
    },
    deleteRun: async ({ params, access, actor, ifMatch }) => {
      const run = await runInScope(runs, access, params.runId);
      await deleteRun(deps, run, ifMatch, actor);
      return { body: null };
    },
    stopRun: async ({ params, body, access, actor, ifMatch }) => {
      const before = await visibleRun(access, params.runId);
      const run = await stopTestRun(deps, before.id, body.reason, actor, ifMatch);
      wake(run.id);
      return { status: isTerminal(run.status) ? 200 : 202, body: await answer(run) };
    },
    changeRunLoad: async ({ params, body, access, actor, ifMatch }) => {
      const before = await visibleRun(access, params.runId);
      const run = await changeLoad(deps, before.id, body, actor, ifMatch);
      wake(run.id);
      return { body: await answer(run) };
    },
    addRunEvent: async ({ params, body, access, actor, newId }) => {
      const run = await visibleRun(access, params.runId);
      const { at, message } = body;
      return { body: await addNote(deps, run.id, { id: newId, at, message }, actor) };
    },
    listRunEvents: async ({ params, query, access }) => {
      const run = await visibleRun(access, params.runId);
      const { items, nextCursor } = await events.list(run.id, query);
      const cursor = nextCursor === undefined ? {} : { nextCursor };
      return { body: { runId: run.id, items, truncated: false, ...cursor } };
    },
  };
};
