import type { ClusterAdapter, ClusterCommands, Clusters } from "../../../clusters/port.ts";
import type { RunMetrics } from "../../../metrics/run-metrics.ts";
import { type Fault, simulatedLocust } from "./locust.ts";

export const onlyCluster = (adapter: ClusterAdapter): Clusters => ({
  get: (id) => (id === adapter.config.id ? adapter : undefined),
  of: () => adapter,
  forget: () => {},
  values: () => [adapter],
});

type Locust = ReturnType<typeof simulatedLocust>;
export type Loads = ReturnType<Locust["loads"]>;

/**
 * The cluster of all runs of a history. An attached cluster is one Locust for all of them; a local cluster starts a
 * Locust for each run.
 */
export const simulatedCluster = (options: {
  readonly kind: "local" | "attached";
  readonly plugin: boolean;
  readonly now: () => number;
}) => {
  const one = simulatedLocust(options);
  const perRun = new Map<string, Locust>();
  const of = (runId: string): Locust => {
    if (options.kind === "attached") return one;
    const known = perRun.get(runId) ?? simulatedLocust(options);
    perRun.set(runId, known);
    return known;
  };
  const all = (): Locust[] => (options.kind === "attached" ? [one] : [...perRun.values()]);

  const commandsOf = (runId: string): ClusterCommands => of(runId).adapter.commands;
  const adapter: ClusterAdapter = {
    config: one.adapter.config,
    observe: (run) => of(run.id).adapter.observe(run),
    commands: {
      prepare: (hold, ...args) => commandsOf(hold.run.id).prepare(hold, ...args),
      attach: (hold) => commandsOf(hold.run.id).attach(hold),
      start: (hold) => commandsOf(hold.run.id).start(hold),
      setUsers: (hold, users, rate) => commandsOf(hold.run.id).setUsers(hold, users, rate),
      stop: (hold) => commandsOf(hold.run.id).stop(hold),
      kill: (hold, onForcedStep) => commandsOf(hold.run.id).kill(hold, onForcedStep),
      cleanUp: (run, onForcedStep) => commandsOf(run.id).cleanUp(run, onForcedStep),
    },
    spooled: (run) => of(run.id).adapter.spooled(run),
    remove: (runId) => of(runId).adapter.remove(runId),
    probe: async () =>
      one.loads().some(({ endedAt }) => endedAt === undefined)
        ? { state: "busy", message: "Locust is busy." }
        : { state: "idle" },
  };
  /** The same cluster as a server on another machine sees it: it cannot reach the processes. */
  const fromAfar: ClusterAdapter = {
    ...adapter,
    observe: async () => ({ kind: "nothing" }),
    spooled: async () => [],
    commands: { ...adapter.commands, cleanUp: async () => {}, kill: async () => {} },
  };
  const metrics: Omit<RunMetrics, "deleteRun"> = {
    ...one.metrics,
    summary: (run) => of(run.id).metrics.summary(run),
    requests: (runId) => of(runId).metrics.requests(runId),
    finals: (runId) => of(runId).metrics.finals(runId),
  };
  const newest = (): Locust | undefined => all().at(-1);
  return {
    adapter,
    fromAfar,
    metrics,
    starts: (): [string, number][] => all().flatMap(({ starts }) => [...starts]),
    intrusions: (): string[] => all().flatMap(({ intrusions }) => intrusions),
    loads: (): Loads => all().flatMap((locust) => [...locust.loads()]),
    advance: (ms: number, served: boolean): void => {
      for (const locust of all()) locust.advance(ms, served);
    },
    disturbNext: (fault: Fault): void => newest()?.disturbNext(fault),
    killMaster: (): void => newest()?.killMaster(),
    stopInPage: (): void => newest()?.stopInPage(),
    loseFinals: (): void => newest()?.loseFinals(),
    metricsAway: (ms: number): void => {
      for (const locust of all()) locust.metricsAway(ms);
    },
    otherStart: (): void => one.otherStart(),
    otherStop: (): void => one.otherStop(),
    /** What the simulated Locusts recorded, to check the history against. */
    witnessed: () => ({
      harmed: all().flatMap(({ harmed }) => harmed),
      mastersKilled: all().some((locust) => locust.wasKilled()),
      metricsAway: all().some((locust) => locust.wereMetricsAway()),
      stopped: new Set(all().flatMap(({ stopped }) => [...stopped])),
    }),
  };
};
