import type { Criterion, LiveCriterion } from "@load-manager/contract/model/criterion.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { CriterionBreach } from "../../runs/domain/observation.ts";
import { expressionOf } from "../../runs/domain/criteria/run-verdict.ts";
import { isTerminal } from "../../runs/domain/states.ts";
import { keepRecords, type RunAggregate } from "../live/run-aggregate.ts";
import type { LimitOf, Limits } from "./baseline.ts";
import { selectEndpoints } from "./endpoints.ts";
import { createLiveCriterion, createMatched } from "./live-criterion.ts";
import { createSecondReader, type Second, SECONDS_AT_ONCE } from "./second-reader.ts";
import { type QueryDeps, resolveWindow } from "./window.ts";

/** Whoever has not asked for so long gets a new state, made of what is stored. */
const KEPT_MS = 60_000;

/** The state of each criterion before the first second, with its limit. */
const createStates = async (criteria: readonly Criterion[], limitOf: LimitOf) => {
  const states: ReturnType<typeof createLiveCriterion>[] = [];
  for (const criterion of criteria)
    states.push(createLiveCriterion(criterion, await limitOf(expressionOf(criterion))));
  return states;
};

const createRunState = (deps: QueryDeps, limits: Limits, run: LoadTestRun) => {
  const criteria = run.criteria ?? [];
  const metrics = criteria.map((criterion) => expressionOf(criterion).metric);
  const withTables = metrics.some((metric) => metric === "exceptions" || metric === "workerCpu");
  const readSeconds = createSecondReader(deps, selectEndpoints("each"), withTables);
  // Criteria of the same endpoints share their sum.
  const patterns = new Map(
    criteria
      .map((criterion) => expressionOf(criterion).endpoints)
      .map((endpoints) => [endpoints, createMatched(endpoints)] as const),
  );
  let states: Awaited<ReturnType<typeof createStates>> | undefined;
  let next: number | undefined;

  const push = (at: number, start: number, second: Second, runAggregate: RunAggregate): void => {
    const matched = new Map(
      [...patterns].map(([endpoints, of]) => [endpoints, of(second.totals, runAggregate)]),
    );
    for (const state of states ?? [])
      state.push(at, start, { ...second, matched: matched.get(state.endpoints) }, runAggregate);
  };

  /** Adds what has come, `most` readings of it; answers whether that is all. */
  const advance = async (now: LoadTestRun, most: number): Promise<boolean> => {
    // Earlier runs are read once.
    states ??= await createStates(criteria, limits(now));
    const { runAggregate, loadTime, closed } = await resolveWindow(deps, now, {});
    const start = Math.ceil(loadTime.fromMs / 1000);
    const last = Math.min(closed, Math.floor(loadTime.toMs / 1000) - 1);
    next ??= start;
    if (next > last) return true;
    const kept = keepRecords(runAggregate, next);
    for (let readings = 0; next <= last && readings < most; readings += 1) {
      const to = Math.min(last, next + SECONDS_AT_ONCE - 1);
      const seconds = await readSeconds(now, next, to, kept);
      // Without its first seconds nothing true can be said.
      if (seconds === undefined) return false;
      for (const [at, second] of seconds) push(at, start, second, runAggregate);
      next = to + 1;
    }
    return next > last;
  };

  let advancing: Promise<boolean> = Promise.resolve(true);
  /** One after another: the loop and callers ask at the same time. */
  const advanced = (now: LoadTestRun, most: number): Promise<boolean> => {
    advancing = advancing.catch(() => false).then(() => advance(now, most));
    return advancing;
  };
  return {
    live: async (now: LoadTestRun): Promise<LiveCriterion[]> => {
      await advanced(now, Number.POSITIVE_INFINITY);
      return (states ?? []).map((state) => state.live(isTerminal(now.status)));
    },
    breach: async (now: LoadTestRun): Promise<CriterionBreach | undefined> =>
      (await advanced(now, 1))
        ? (states ?? []).flatMap((state) => state.breach() ?? [])[0]
        : undefined,
  };
};

/**
 * How the criteria of runs stand while they last. Each keeps a small state per criterion, to which every answer adds the seconds
 * since the last one; metrics that come later than the second after theirs count in the verdict only.
 */
export const createLiveCriteria = (deps: QueryDeps, limits: Limits) => {
  const states = new Map<string, { askedAt: number; of: ReturnType<typeof createRunState> }>();
  const stateOf = (run: LoadTestRun): ReturnType<typeof createRunState> => {
    const askedAt = deps.clock.monotonic();
    for (const [id, state] of states) if (askedAt - state.askedAt > KEPT_MS) states.delete(id);
    const state = states.get(run.id) ?? { askedAt, of: createRunState(deps, limits, run) };
    state.askedAt = askedAt;
    states.set(run.id, state);
    return state.of;
  };
  return {
    liveCriteria: (run: LoadTestRun): Promise<LiveCriterion[]> => stateOf(run).live(run),
    /**
     * The criterion that ends a run now. Reads a part of what has come, so that a long run that a server takes over keeps no other
     * decision waiting: until all has been read there is no answer.
     */
    criterionBreach: (run: LoadTestRun): Promise<CriterionBreach | undefined> =>
      stateOf(run).breach(run),
    forgetLive: (runId: string): void => {
      states.delete(runId);
    },
  };
};
