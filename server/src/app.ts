import { join } from "node:path";
import type { Actor } from "@load-manager/contract/model/actor.ts";
import type { ReloadAnswer } from "@load-manager/contract/api/reload.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import type { Registry } from "prom-client";
import { type Auth, createAuth } from "./auth/auth.ts";
import { createAttached } from "./clusters/attached/attached.ts";
import { type Callback, createCallback } from "./clusters/callback.ts";
import { createLocal } from "./clusters/local/adapter.ts";
import { type ClusterWatch, createClusterWatch } from "./clusters/cluster-watch.ts";
import { createOutliner } from "./clusters/local/outliner.ts";
import type { ScriptOutliner } from "./clusters/port.ts";
import { type ClusterRegistry, createRegistry } from "./clusters/registry.ts";
import type { ClusterConfig } from "./clusters/select-cluster.ts";
import type { Config, LoadedConfig } from "./config/load-config.ts";
import { createHousekeeping } from "./housekeeping.ts";
import { createHttp } from "./http/app.ts";
import type { Page } from "./http/page.ts";
import { criteriaHandlers } from "./http/handlers/criteria.ts";
import { demoHandlers, type DemoLauncher, offersDemo } from "./http/handlers/demo.ts";
import { clusterHandlers } from "./http/handlers/clusters.ts";
import { loadTestHandlers } from "./http/handlers/load-tests.ts";
import { locustHandlers } from "./http/handlers/locust.ts";
import { replayCheck } from "./http/handlers/replay.ts";
import { runMetricsHandlers } from "./http/handlers/run-metrics.ts";
import { reportHandlers } from "./http/handlers/reports.ts";
import { runHandlers } from "./http/handlers/runs.ts";
import { scopeHandlers } from "./http/handlers/scopes.ts";
import { sessionHandlers } from "./http/handlers/sessions.ts";
import { systemHandlers } from "./http/handlers/system.ts";
import { createIdempotency } from "./http/idempotency.ts";
import { streamHandlers } from "./http/handlers/streams.ts";
import { scriptHandlers } from "./http/handlers/scripts.ts";
import { awakeOrAsleep, type Clock } from "./lib/clock.ts";
import { failpointsOf } from "./lib/failpoints.ts";
import { hostIdOf } from "./lib/host.ts";
import type { Ids } from "./lib/ids.ts";
import { stopWithin } from "./lib/periodic.ts";
import { recountScopes } from "./load-tests/scope-counts.ts";
import { createScriptChecker } from "./load-tests/check-script.ts";
import type { Compactor } from "./metrics/rollups/compactor.ts";
import { createRunMetrics, type MetricsFacade } from "./metrics/run-metrics.ts";
import { createReload } from "./reload/reload.ts";
import { receiveSamples } from "./runs/commands/receive-samples.ts";
import { stopTestRun } from "./runs/commands/stop.ts";
import { createLoop } from "./runs/controller/loop.ts";
import { endAllLoad } from "./runs/controller/settle.ts";
import { logStatus } from "./runs/journal/status-log.ts";
import { createMembership, soleMember } from "./runs/ownership/membership.ts";
import { createRunServices } from "./runs/services.ts";
import type { Stores } from "./stores/ports.ts";
import { type Changes, createChanges } from "./stream/changes.ts";
import { clusterChange, MANY } from "./stream/hints.ts";
import { notedStores } from "./runs/journal/noted-stores.ts";
import { createStreams, type Streams } from "./stream/streams.ts";
import { measureIngest, measureSnapshots } from "./telemetry/ingest.ts";
import { createMetricRegistry } from "./telemetry/registry.ts";
import { measureRequests } from "./telemetry/requests.ts";
import { countRuns, reportOpenRuns } from "./telemetry/runs.ts";
import {
  reportClusters,
  reportDisk,
  reportHeartbeat,
  reportLeases,
  reportStreams,
} from "./telemetry/server.ts";
import { measureStores } from "./telemetry/stores.ts";
import { VERSION } from "./version.ts";

const HANDOVER_MS = 2000;

export type App = {
  readonly http: FastifyInstance;
  readonly compactor: Compactor;
  /** This server's name in leases. */
  readonly holder: string;
  /** Runs that are not settled, oldest first. */
  readonly unsettledRuns: () => Promise<LoadTestRun[]>;
  readonly stopRun: (runId: string, by: string) => Promise<LoadTestRun>;
  /** Ends the load and the processes of every run that is not settled, without waiting for its stop. */
  readonly endLoad: () => Promise<void>;
  /** Takes over clusters and tokens from the configuration as it is now. */
  readonly reload: (actor: Actor) => Promise<ReloadAnswer>;
  /** Starts the loops; `address` is where Locust reaches this server, known once it listens. */
  readonly start: (address: string) => Promise<void>;
  /** Ends loops and answers. Runs go on and are found again; the stores stay open. */
  readonly close: () => Promise<void>;
};

type Deps = {
  readonly config: Config;
  /** Reads the configuration again, for a reload. */
  readonly again?: (() => LoadedConfig) | undefined;
  readonly stores: Stores;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  /** Starts the demo; absent where it is not offered. */
  readonly launchDemo?: DemoLauncher | undefined;
  /** The page of the server; absent where it is not built. */
  readonly page?: Page | undefined;
};

/** Of the packages of scripts. */
const environmentsFolderOf = ({ store }: Config): string => join(store.dataDir, "environments");

/** The Python of a local cluster's runs. */
const pythonOf =
  ({ python }: Pick<Config, "python">) =>
  (cluster: Extract<ClusterConfig, { kind: "local" }>): string =>
    cluster.python ?? python;

const createScriptOutliner = ({ config, clock }: Deps): ScriptOutliner =>
  createOutliner({
    pythonOf: pythonOf(config),
    environmentsFolder: environmentsFolderOf(config),
    clock,
  });

const createClusters = (
  { config, stores, clock }: Deps,
  callback: Callback,
  runsFolder: string,
): ClusterRegistry =>
  createRegistry(
    (cluster) =>
      cluster.kind === "attached"
        ? createAttached(cluster, { ...callback, clock })
        : createLocal(cluster, {
            ...callback,
            clock,
            runsFolder,
            environmentsFolder: environmentsFolderOf(config),
            pipEnvironment: config.pipEnvironment,
            store: stores.identity,
            python: pythonOf(config)(cluster),
          }),
    config.locustClusters,
  );

const createServices = (
  { config, stores, clock, ids, log }: Deps,
  clusters: ClusterRegistry,
  metrics: MetricsFacade,
  outline: ScriptOutliner,
  registry: Registry,
) => {
  const holder = ids.next();
  const { leases, shared } = stores;
  const { countWait, countSettled } = countRuns(registry);
  return createRunServices({
    stores,
    membership: shared
      ? createMembership({ leases, holder, clock, awakeOrAsleep, log })
      : soleMember(holder),
    clusters,
    metrics,
    outline,
    clock,
    ids,
    hostId: hostIdOf(config.store.dataDir, ids.next),
    limits: config.orchestrator,
    failpoint: failpointsOf(config.failpoint, (point) =>
      log.warn({ event: "failpoint", point }, "A failpoint was reached."),
    ),
    log,
    onStatus: (run, from, actor) => {
      logStatus(log, run, from, actor);
      countWait(run, from);
    },
    onSettled: countSettled,
  });
};
type RunServices = ReturnType<typeof createServices>;

const createMeasuredMetrics = (
  { config, stores, clock }: Deps,
  registry: Registry,
): MetricsFacade => {
  const metrics = createRunMetrics({ ...stores, clock, retention: config.retention });
  return {
    ...metrics,
    ingestBatch: measureIngest(metrics.ingestBatch, registry),
    storeMetric: measureSnapshots(metrics.storeMetric, registry),
  };
};

/** What is read at each `GET /metrics`. */
const reportState = (
  { config, stores, clock }: Deps,
  registry: Registry,
  clusters: ClusterRegistry,
  clusterWatch: ClusterWatch,
  { membership, ownership }: Pick<RunServices, "membership" | "ownership">,
): void => {
  const clusterIds = () => clusters.configs().map(({ id }) => id);
  reportOpenRuns(registry, stores.runs.unsettled, clusterIds, clock);
  reportClusters(registry, clusterWatch.states);
  reportHeartbeat(registry, membership.heartbeatAgeMs);
  reportLeases(registry, ownership.heldLeases, clock);
  reportDisk(registry, config.store.dataDir);
};

const createReloading = (
  { config, again, clock, log }: Deps,
  registry: ClusterRegistry,
  { runs, ownership }: RunServices,
  auth: Auth,
  callback: Callback,
  onReload: () => void,
): App["reload"] => {
  const reload = createReload({
    config,
    again,
    registry,
    runs,
    ownership,
    setSecurity: async (security) => {
      callback.addTokens(security.locustCallbackToken);
      await auth.setSecurity(security);
    },
    clock,
    log,
  });
  return async (actor) => {
    const answer = await reload(actor);
    onReload();
    return answer;
  };
};

const createJobs = (deps: Deps, runsFolder: string, sessions: Auth["sessions"]) =>
  createHousekeeping({
    ...deps,
    retention: deps.config.retention,
    sessions,
    runsFolder,
    environmentsFolder: environmentsFolderOf(deps.config),
  });

const createHandlers = (
  { config, stores, launchDemo }: Deps,
  services: RunServices,
  clusters: ClusterRegistry,
  more: {
    readonly streams: Streams;
    readonly clusterWatch: ClusterWatch;
    readonly wake: (runId?: string) => void;
    readonly notReady: () => readonly string[];
    readonly reload: (actor: Actor) => Promise<ReloadAnswer>;
    readonly auth: Auth;
    readonly prometheusMetrics: () => Promise<string>;
  },
) => {
  const { streams, clusterWatch: watch, wake, notReady, reload, auth, prometheusMetrics } = more;
  const checkScript = createScriptChecker(config.python);
  const { runs, ownership, metrics } = services;
  const { queries } = metrics;
  const loadTests = { ...services, stores, clusters: clusters.configs, checkScript, queries };
  const demo = { runs, clusters, launch: launchDemo, isOpen: auth.isOpen };
  return {
    ...loadTestHandlers(loadTests),
    ...scriptHandlers(loadTests),
    ...runHandlers(services, wake),
    ...runMetricsHandlers({ runs, queries }),
    ...criteriaHandlers({ runs, metrics }),
    ...reportHandlers({ ...stores, runs, queries: metrics.queries, ...config.server }),
    ...streamHandlers({ runs, streams }),
    ...locustHandlers(services, wake),
    ...clusterHandlers({ ...services, watch }),
    ...scopeHandlers({ scopeCounts: stores.scopeCounts, clusters }),
    ...sessionHandlers({ ...auth, offersDemo: () => offersDemo(demo) }),
    ...demoHandlers(demo),
    ...systemHandlers({
      stores,
      clusters,
      watch,
      ownership,
      version: VERSION,
      notReady,
      reload,
      prometheusMetrics,
    }),
  };
};

const createLiveStreams = (
  { stores, log }: Deps,
  { samples }: MetricsFacade,
  changes: Changes,
  registry: Registry,
): Streams => {
  const { runs, events } = stores;
  const onDropped = reportStreams(registry, () => streams.readers());
  const streams = createStreams({ runs, events, samples, changes, log, onDropped });
  return streams;
};

/** The composition root: everything is wired here, and only here. */
export const createApp = (given: Deps): App => {
  const registry = createMetricRegistry(VERSION);
  const measured = measureStores(given.stores, registry, given.clock);
  const changes = createChanges({ ...measured, clock: given.clock, log: given.log });
  const deps = { ...given, stores: notedStores(measured, changes) };
  const { config, stores, clock, ids, log } = deps;
  const callback = createCallback(
    config.server.callbackUrls,
    config.security.locustCallbackToken,
    config.server.publicUrl,
  );
  const runsFolder = join(config.store.dataDir, "runs");
  const clusters = createClusters(deps, callback, runsFolder);
  const metrics = createMeasuredMetrics(deps, registry);
  const outline = createScriptOutliner(deps);
  const services = createServices(deps, clusters, metrics, outline, registry);
  const { runs, ownership, membership } = services;
  const loop = createLoop(services);
  const auth = createAuth({ ...deps, sessions: stores.sessions });
  const { compactor, housekeeping } = createJobs(deps, runsFolder, auth.sessions);
  const onChange = (...state: Parameters<typeof clusterChange>) =>
    changes.tell(clusterChange(...state));
  const clusterWatch = createClusterWatch({ clusters, runs, clock, log, onChange });
  reportState(deps, registry, clusters, clusterWatch, services);
  const streams = createLiveStreams(deps, metrics, changes, registry);
  const reload = createReloading(deps, clusters, services, auth, callback, () => {
    clusterWatch.wake();
    changes.tell(MANY);
  });
  const notReady: string[] = ["the server is starting"];
  const http = createHttp({
    handlers: createHandlers(deps, services, clusters, {
      streams,
      clusterWatch,
      wake: loop.wake,
      notReady: () => notReady,
      reload,
      auth,
      prometheusMetrics: () => registry.metrics(),
    }),
    samples: (bytes) => receiveSamples(services, { readers: streams.wake, loop: loop.wake }, bytes),
    callers: auth,
    checkAccess: replayCheck({ loadTests: stores.loadTests, runs }),
    tokenless: auth.tokenless,
    trustProxy: config.server.trustProxy,
    ids,
    idempotency: createIdempotency({ keys: stores.keys, clock, ids, membership }),
    log,
    version: VERSION,
    page: given.page,
  });
  measureRequests(http, registry);
  const jobs = [loop, ...housekeeping, clusterWatch, auth.accessWatch.job];
  return {
    http,
    compactor,
    holder: ownership.holder,
    unsettledRuns: runs.unsettled,
    stopRun: (runId, by) =>
      stopTestRun(services, runId, undefined, { kind: "system", id: by, name: by }),
    endLoad: () => endAllLoad(services),
    reload,
    start: async (listening) => {
      callback.setAddress(listening);
      await membership.start();
      await auth.endSessionsWithoutToken();
      await recountScopes({ ...stores, clock });
      notReady.length = 0;
      for (const job of jobs) job.start();
    },
    close: async () => {
      notReady.push("the server is stopping");
      streams.stop();
      // A pass that takes long, because of a slow cluster, must not keep another server from taking over.
      await stopWithin(HANDOVER_MS, jobs);
      await membership.stop({ leave: true });
      await http.close();
    },
  };
};
