import { isDeepStrictEqual } from "node:util";
import type { ReloadAnswer } from "@load-manager/contract/reload.ts";
import type { Logger } from "pino";
import type { ClusterRegistry } from "../clusters/registry.ts";
import type { Config, LoadedConfig } from "../config/load-config.ts";
import { opennessFaults } from "../config/check.ts";
import { faultsError } from "../config/problems.ts";
import { unreachable } from "../clusters/check-reachability.ts";
import { AppError, messageOf } from "../lib/errors.ts";
import type { RunDeps } from "../runs/deps.ts";
import { createTelling } from "./callback-token-rotation.ts";

type Deps = {
  /** What the server was started with. */
  readonly config: Config;
  /** Reads the configuration again; absent where the server was not started from one. */
  readonly again: (() => LoadedConfig) | undefined;
  readonly registry: ClusterRegistry;
  readonly runs: Pick<RunDeps, "stores" | "membership">;
  readonly setSecurity: (security: Config["security"]) => void;
  readonly log: Logger;
};

const FIXED = ["server", "store", "mongodb", "orchestrator", "retention"] as const;

/** Settings that a running server cannot take over, by name. */
const changedSettings = (before: Config, after: Config): string[] =>
  FIXED.flatMap((section) => {
    const old: Record<string, unknown> = before[section];
    const next: Record<string, unknown> = after[section];
    return [...new Set([...Object.keys(old), ...Object.keys(next)])]
      .filter((key) => !isDeepStrictEqual(old[key], next[key]))
      .map((key) => `${section}.${key}`);
  });

/**
 * Takes over clusters and tokens from the configuration as it is now; runs go on. Rejects with AppError validation
 * where it is not right, and nothing has changed then.
 */
export const createReload = (deps: Deps): (() => Promise<ReloadAnswer>) => {
  const { registry, runs, log } = deps;
  const tellToken = createTelling({ registry, runs, log });
  let security = deps.config.security;

  const read = (): LoadedConfig => {
    if (deps.again === undefined) {
      throw new AppError("conflict", "This server was not started from a configuration file.");
    }
    const loaded = deps.again();
    // The address stays the one that was given at the start, whatever the file says now.
    const faults = opennessFaults(deps.config.server.host, loaded.config.security);
    if (faults.length > 0) throw faultsError(faults, () => undefined);
    return loaded;
  };

  const reload = async (): Promise<ReloadAnswer> => {
    const { config, warnings } = read();
    const open = await runs.stores.runs.unsettled();
    const before = security;
    const changes = registry.replace(
      config.locustClusters,
      new Set(open.map((run) => run.locustClusterId)),
    );
    security = config.security;
    deps.setSecurity(security);
    const rotated = before.locustCallbackToken[0] !== security.locustCallbackToken[0];
    const fresh = new Set([...changes.added, ...changes.changed]);
    const more = await Promise.all([
      rotated ? tellToken(open) : [],
      unreachable(config.locustClusters.filter(({ id }) => fresh.has(id))),
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

  // One at a time: each compares with what the one before has left.
  let last: Promise<unknown> = Promise.resolve();
  return () => {
    const next = last.then(reload).then(
      (answer) => {
        log.info({ answer }, "the configuration was reloaded");
        for (const name of answer.needsRestart) log.warn(`${name} has changed and needs a restart`);
        for (const warning of answer.warnings) log.warn(warning);
        return answer;
      },
      (error: unknown) => {
        log.error(
          { error: messageOf(error) },
          "the configuration was not reloaded; what was in force stays",
        );
        throw error;
      },
    );
    last = next.catch(() => undefined);
    return next;
  };
};
