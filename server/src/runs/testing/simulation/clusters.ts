import type { ClusterAdapter, Clusters } from "../../../clusters/port.ts";
import type { RunMetrics } from "../../deps.ts";
import { type Fault, simulatedLocust } from "./locust.ts";

export const onlyCluster = (adapter: ClusterAdapter): Clusters => ({
  get: (id) => (id === adapter.config.id ? adapter : undefined),
  of: () => adapter,
  values: () => [adapter],
});

type Locust = ReturnType<typeof simulatedLocust>;
export type Loads = ReturnType<Locust["loads"]>;

/**
 * The cluster that the runs of a history are started on. An attached one is one Locust for all of them; a local one
 * makes a Locust for each run.
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

  const adapter: ClusterAdapter = {
    config: one.adapter.config,
    observe: (run) => of(run.id).adapter.observe(run),
    prepare: (hold, script) => of(hold.run.id).adapter.prepare(hold, script),
    attach: (hold) => of(hold.run.id).adapter.attach(hold),
    start: (hold) => of(hold.run.id).adapter.start(hold),
    setUsers: (hold, users, rate) => of(hold.run.id).adapter.setUsers(hold, users, rate),
    stop: (hold) => of(hold.run.id).adapter.stop(hold),
    kill: (hold, told) => of(hold.run.id).adapter.kill(hold, told),
    spooled: (run) => of(run.id).adapter.spooled(run),
    cleanUp: (run, told) => of(run.id).adapter.cleanUp(run, told),
    remove: (runId) => of(runId).adapter.remove(runId),
    probe: async () =>
      one.loads().some(({ endedAt }) => endedAt === undefined)
        ? { state: "busy", message: "Locust is busy." }
        : { state: "idle" },
  };
  /** The same cluster as a server on another machine has it: the processes are out of its reach. */
  const fromAfar: ClusterAdapter = {
    ...adapter,
    observe: async () => ({ kind: "nothing" }),
    spooled: async () => [],
    cleanUp: async () => {},
    kill: async () => {},
  };
  const figures: RunMetrics = {
    ...one.figures,
    summary: (run) => of(run.id).figures.summary(run),
    requests: (runId) => of(runId).figures.requests(runId),
    finals: (runId) => of(runId).figures.finals(runId),
  };
  const newest = (): Locust | undefined => all().at(-1);
  return {
    adapter,
    fromAfar,
    figures,
    starts: (): [string, number][] => all().flatMap(({ starts }) => [...starts]),
    intrusions: (): string[] => all().flatMap(({ intrusions }) => intrusions),
    loads: (): Loads => all().flatMap((locust) => [...locust.loads()]),
    pass: (ms: number, served: boolean): void => {
      for (const locust of all()) locust.pass(ms, served);
    },
    disturbNext: (fault: Fault): void => newest()?.disturbNext(fault),
    killMaster: (): void => newest()?.killMaster(),
    stopInPage: (): void => newest()?.stopInPage(),
    loseFinals: (): void => newest()?.loseFinals(),
    figuresAway: (ms: number): void => {
      for (const locust of all()) locust.figuresAway(ms);
    },
    otherStart: (): void => one.otherStart(),
    otherStop: (): void => one.otherStop(),
    /** What a history can be held against, beside the loads. */
    witnessed: () => ({
      harmed: all().flatMap(({ harmed }) => harmed),
      mastersKilled: all().some((locust) => locust.wasKilled()),
      stopped: new Set(all().flatMap(({ stopped }) => [...stopped])),
    }),
  };
};
