import type { Sessions } from "./auth/sessions.ts";
import { createEnvironmentRemoval } from "./clusters/local/old-environments.ts";
import { createOrphanReaper } from "./clusters/local/orphan-reaper.ts";
import type { Config } from "./config/load-config.ts";
import { KEY_MS } from "./http/idempotency.ts";
import { type Clock, expiryNow } from "./lib/clock.ts";
import type { Log } from "./lib/log.ts";
import { createPeriodic } from "./lib/periodic.ts";
import { recountScopes } from "./load-tests/scope-counts.ts";
import { createCompactor } from "./metrics/rollups/compactor.ts";
import type { Stores } from "./stores/ports.ts";

const HOUR_MS = 3_600_000;

/** Jobs that keep the stored data and the folders of runs small and in order, until the server ends; in the order in which they start. */
export const createHousekeeping = (deps: {
  readonly stores: Stores;
  readonly clock: Clock;
  readonly log: Log;
  readonly retention: Config["retention"];
  readonly sessions: Pick<Sessions, "expire">;
  readonly runsFolder: string;
  readonly environmentsFolder: string;
}) => {
  const { stores, clock, log, retention, sessions, runsFolder, environmentsFolder } = deps;
  const orphanReaper = createOrphanReaper({
    runsFolder,
    store: stores.identity,
    runOf: stores.runs.get,
    log,
  });
  const compactor = createCompactor({
    metrics: stores.metrics,
    clock,
    log,
    retention,
    keptRunIds: stores.runs.kept,
  });
  const expiry = createPeriodic({
    name: "expiry",
    intervalMs: HOUR_MS,
    job: async () => {
      await stores.keys.expire(expiryNow(clock) - KEY_MS);
      await sessions.expire();
      await recountScopes({ ...stores, clock });
    },
    log,
  });
  const environmentRemoval = createEnvironmentRemoval({ environmentsFolder, clock, log });
  return { compactor, housekeeping: [orphanReaper, compactor, expiry, environmentRemoval] };
};
