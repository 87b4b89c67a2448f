import { isDeepStrictEqual } from "node:util";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { unconfiguredCluster } from "./unconfigured-cluster.ts";
import type { ClusterAdapter, Clusters } from "./port.ts";
import type { ClusterConfig } from "./select-cluster.ts";

type ClusterChanges = {
  readonly added: readonly string[];
  /** No longer configured. Those with runs to end are in `draining` too. */
  readonly removed: readonly string[];
  readonly changed: readonly string[];
  readonly draining: readonly string[];
};

/** The clusters that are configured now, and those that were configured and still have runs. */
export type ClusterRegistry = Clusters & {
  readonly configs: () => readonly ClusterConfig[];
  /** `open`: ids of the clusters with runs that are not settled. */
  readonly replace: (
    configs: readonly ClusterConfig[],
    open: ReadonlySet<string>,
  ) => ClusterChanges;
};

type Create = (config: ClusterConfig) => ClusterAdapter;

/** One cluster id: its adapter now, and those that runs began with. */
type Entry = {
  readonly current: () => ClusterAdapter;
  readonly replace: (next: ClusterAdapter) => void;
  readonly of: (run: LoadTestRun) => ClusterAdapter;
  readonly forget: (runId: string) => void;
};

/**
 * A run keeps the adapter that it began with, since that adapter knows the run's processes and address, also after the
 * configuration has changed. After a restart of the server the run keeps its stored address.
 */
const createEntry = (first: ClusterAdapter, create: Create): Entry => {
  let current = first;
  const byRun = new Map<string, ClusterAdapter>();
  const chosenFor = (run: LoadTestRun): ClusterAdapter => {
    const { config } = current;
    const baseUrl = run.startSent?.baseUrl;
    if (config.kind !== "attached" || baseUrl === undefined) return current;
    return baseUrl === config.baseUrl ? current : create({ ...config, baseUrl });
  };
  return {
    current: () => current,
    replace: (next) => {
      current = next;
    },
    of: (run) => {
      const adapter = byRun.get(run.id) ?? chosenFor(run);
      if (run.settledAt === undefined) byRun.set(run.id, adapter);
      return adapter;
    },
    forget: (runId) => {
      byRun.delete(runId);
    },
  };
};

export const createRegistry = (
  create: Create,
  first: readonly ClusterConfig[],
): ClusterRegistry => {
  const entries = new Map<string, Entry>(
    first.map((config) => [config.id, createEntry(create(config), create)]),
  );
  let configs = first;
  return {
    configs: () => configs,
    get: (id) => entries.get(id)?.current(),
    of: (run) => entries.get(run.locustClusterId)?.of(run) ?? unconfiguredCluster(run, create),
    forget: (runId) => {
      for (const entry of entries.values()) entry.forget(runId);
    },
    values: () => configs.flatMap(({ id }) => entries.get(id)?.current() ?? []),
    replace: (next, open) => {
      const before = new Set(configs.map(({ id }) => id));
      const now = new Set(next.map(({ id }) => id));
      const changed: string[] = [];
      for (const config of next) {
        const entry = entries.get(config.id);
        if (entry === undefined) entries.set(config.id, createEntry(create(config), create));
        else if (!isDeepStrictEqual(entry.current().config, config)) {
          entry.replace(create(config));
          if (before.has(config.id)) changed.push(config.id);
        }
      }
      // A cluster that is removed now stays until the next reload, since a run may be accepted at this moment.
      for (const id of entries.keys()) {
        if (!now.has(id) && !before.has(id) && !open.has(id)) entries.delete(id);
      }
      configs = next;
      return {
        added: [...now].filter((id) => !before.has(id)),
        removed: [...before].filter((id) => !now.has(id)),
        changed,
        draining: [...entries.keys()].filter((id) => !now.has(id) && open.has(id)),
      };
    },
  };
};
