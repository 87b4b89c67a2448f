import { type Actor, refOf } from "@load-manager/contract/model/actor.ts";
import type { ReloadAnswer } from "@load-manager/contract/api/reload.ts";
import type { ClusterRegistry } from "../clusters/registry.ts";
import type { Config, LoadedConfig } from "../config/load-config.ts";
import { opennessFaults } from "../config/check.ts";
import { faultsError } from "../config/problems.ts";
import type { Log } from "../lib/log.ts";
import { unreachable } from "../clusters/check-reachability.ts";
import type { Clock } from "../lib/clock.ts";
import { AppError, messageOf } from "../lib/errors.ts";
import type { Ownership } from "../runs/ownership/leases.ts";
import type { RunReader } from "../stores/model/load-test-run.ts";
import { createTokenRotation } from "./callback-token-rotation.ts";
import { changedSettings } from "./changed-settings.ts";

type Deps = {
  /** The configuration that the server was started with. */
  readonly config: Config;
  /** Reads the configuration again; absent where the server was not started from one. */
  readonly again: (() => LoadedConfig) | undefined;
  readonly registry: ClusterRegistry;
  readonly runs: Pick<RunReader, "get" | "unsettled">;
  readonly ownership: Pick<Ownership, "holder" | "leaseOf">;
  readonly setSecurity: (security: Config["security"]) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
};

/**
 * Takes over clusters and tokens from the configuration as it is now; runs go on. Rejects with AppError validation where
 * the configuration has faults, and changes nothing then.
 */
export const createReload = (deps: Deps): ((actor: Actor) => Promise<ReloadAnswer>) => {
  const { registry, runs, ownership, log } = deps;
  const rotateToken = createTokenRotation({ registry, runs, ownership, log });
  let security = deps.config.security;

  const read = (): LoadedConfig => {
    if (deps.again === undefined) {
      throw new AppError("conflict", "This server was not started from a configuration file.");
    }
    const loaded = deps.again();
    // The address of the start stays in force, whatever the file says now.
    const faults = opennessFaults(deps.config.server.host, loaded.config.security);
    if (faults.length > 0) throw faultsError(faults, () => undefined);
    return loaded;
  };

  const reload = async (): Promise<ReloadAnswer> => {
    const { config, warnings } = read();
    const open = await runs.unsettled();
    const before = security;
    const changes = registry.replace(
      config.locustClusters,
      new Set(open.map((run) => run.locustClusterId)),
    );
    security = config.security;
    await deps.setSecurity(security);
    const rotated = before.locustCallbackToken[0] !== security.locustCallbackToken[0];
    const fresh = new Set([...changes.added, ...changes.changed]);
    const more = await Promise.all([
      rotated ? rotateToken(open) : [],
      unreachable(
        config.locustClusters.filter(({ id }) => fresh.has(id)),
        deps.clock,
      ),
    ]);
    const { apiToken, apiTokens, locustCallbackToken } = security;
    const { added, removed, changed, draining } = changes;
    return {
      reloaded: true,
      clusters: {
        added: [...added],
        removed: [...removed],
        changed: [...changed],
        draining: [...draining],
      },
      tokens: (apiToken === undefined ? 0 : 1) + apiTokens.length + locustCallbackToken.length,
      needsRestart: changedSettings(deps.config, config),
      warnings: [...warnings, ...more.flat()],
    };
  };

  // One reload at a time: each compares with the result of the one before.
  let last: Promise<unknown> = Promise.resolve();
  return ({ requestId, ...by }) => {
    const who = { actor: refOf(by), ...(requestId === undefined ? {} : { requestId }) };
    const next = last.then(reload).then(
      (answer) => {
        log.info({ event: "config_reloaded", answer, ...who }, "The configuration was reloaded.");
        for (const name of answer.needsRestart)
          log.warn(
            { event: "restart_needed", setting: name },
            `${name} has changed and needs a restart.`,
          );
        for (const warning of answer.warnings) log.warn({ event: "config_warning" }, warning);
        return answer;
      },
      (error: unknown) => {
        log.error(
          { event: "config_reload_failed", error: messageOf(error), ...who },
          "The configuration was not reloaded; the previous one stays in force.",
        );
        throw error;
      },
    );
    last = next.catch(() => undefined);
    return next;
  };
};
