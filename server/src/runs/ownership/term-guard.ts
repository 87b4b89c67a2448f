import type { ClusterAdapter } from "../../clusters/port.ts";
import type { Membership } from "./membership.ts";

/** Nothing was sent. */
export class StoodDown extends Error {}

/**
 * The same cluster, whose commands are refused once another server may have taken what this one holds: it was asleep, or
 * cut off, since it read what it acts on. The fence guards a cluster with the plugin anyway; one without has this alone.
 */
export const guardedBy = (adapter: ClusterAdapter, membership: Membership): ClusterAdapter => {
  const term = membership.term();
  const check = (): void => {
    if (term !== undefined && membership.term() === term) return;
    throw new StoodDown("this server was away for so long that the run may be another's by now");
  };
  return {
    ...adapter,
    config: adapter.config,
    prepare: async (hold, script) => {
      check();
      await adapter.prepare(hold, script);
    },
    attach: async (hold) => {
      check();
      await adapter.attach(hold);
    },
    start: async (hold) => {
      check();
      await adapter.start(hold);
    },
    setUsers: async (hold, targetUsers, spawnRate) => {
      check();
      await adapter.setUsers(hold, targetUsers, spawnRate);
    },
    stop: async (hold) => {
      check();
      await adapter.stop(hold);
    },
    kill: async (hold, told) => {
      check();
      await adapter.kill(hold, told);
    },
    cleanUp: async (run, told) => {
      check();
      await adapter.cleanUp(run, told);
    },
  };
};
