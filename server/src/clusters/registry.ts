import { isDeepStrictEqual } from "node:util";
import type { LoadTestRun } from "@load-manager/contract/run.ts";
import { unconfiguredCluster } from "./unconfigured-cluster.ts";
import type { ClusterAdapter, Clusters, Hold } from "./port.ts";
import type { ClusterConfig } from "./select-cluster.ts";

export type ClusterChanges = {
  readonly added: readonly string[];
  /** No longer configured; those that have runs to end are in `draining` too. */
  readonly removed: readonly string[];
  readonly changed: readonly string[];
  readonly draining: readonly string[];
};

/** The clusters that are configured now, and those that were and still have runs. One object, read by everybody. */
export type ClusterRegistry = Clusters & {
  readonly configs: () => readonly ClusterConfig[];
  /** `open`: ids of clusters that have runs which are not settled. */
  readonly replace: (
    configs: readonly ClusterConfig[],
    open: ReadonlySet<string>,
  ) => ClusterChanges;
};

type Place = { readonly adapter: ClusterAdapter; readonly become: (next: ClusterAdapter) => void };

type Create = (config: ClusterConfig) => ClusterAdapter;

/**
 * A cluster as its id names it. A run stays with the adapter that first worked on it: that one knows its processes and
 * its address, also when the configuration has changed meanwhile; and after a restart it stays with the address.
 */
const createPlace = (first: ClusterAdapter, create: Create): Place => {
  let current = first;
  const pinned = new Map<string, ClusterAdapter>();
  const of = (run: LoadTestRun): ClusterAdapter => {
    const known = pinned.get(run.id);
    const { config } = current;
    const baseUrl = run.startSent?.baseUrl;
    if (known !== undefined || config.kind !== "attached" || baseUrl === undefined)
      return known ?? current;
    return baseUrl === config.baseUrl ? current : create({ ...config, baseUrl });
  };
  const pin = (run: LoadTestRun): ClusterAdapter => {
    const adapter = of(run);
    pinned.set(run.id, adapter);
    return adapter;
  };
  return {
    become: (next) => {
      current = next;
    },
    adapter: {
      get config() {
        return current.config;
      },
      observe: (run) => pin(run).observe(run),
      prepare: (hold, script) => pin(hold.run).prepare(hold, script),
      attach: (hold: Hold) => pin(hold.run).attach(hold),
      start: (hold) => pin(hold.run).start(hold),
      setUsers: (hold, users, rate) => pin(hold.run).setUsers(hold, users, rate),
      stop: (hold) => of(hold.run).stop(hold),
      kill: (hold, told) => of(hold.run).kill(hold, told),
      spooled: (run) => of(run).spooled(run),
      cleanUp: async (run, told) => {
        await of(run).cleanUp(run, told);
        pinned.delete(run.id);
      },
      remove: (runId) => (pinned.get(runId) ?? current).remove(runId),
      probe: () => current.probe(),
    },
  };
};

export const createRegistry = (
  create: Create,
  first: readonly ClusterConfig[],
): ClusterRegistry => {
  const places = new Map<string, Place>(
    first.map((config) => [config.id, createPlace(create(config), create)]),
  );
  let configs = first;
  return {
    configs: () => configs,
    get: (id) => places.get(id)?.adapter,
    of: (run) => places.get(run.locustClusterId)?.adapter ?? unconfiguredCluster(run, create),
    values: () =>
      configs.flatMap(({ id }) => {
        const place = places.get(id);
        return place === undefined ? [] : [place.adapter];
      }),
    replace: (next, open) => {
      const before = new Set(configs.map(({ id }) => id));
      const now = new Set(next.map(({ id }) => id));
      const changed: string[] = [];
      for (const config of next) {
        const place = places.get(config.id);
        if (place === undefined) places.set(config.id, createPlace(create(config), create));
        else if (!isDeepStrictEqual(place.adapter.config, config)) {
          place.become(create(config));
          if (before.has(config.id)) changed.push(config.id);
        }
      }
      // One that goes now stays until the next time, since a run may be accepted at this moment.
      for (const id of places.keys()) {
        if (!now.has(id) && !before.has(id) && !open.has(id)) places.delete(id);
      }
      configs = next;
      return {
        added: [...now].filter((id) => !before.has(id)),
        removed: [...before].filter((id) => !now.has(id)),
        changed,
        draining: [...places.keys()].filter((id) => !now.has(id) && open.has(id)),
      };
    },
  };
};
