import { type ClusterAdapter, mapCommands } from "../../clusters/port.ts";
import type { Membership } from "./membership.ts";

/** A command was not sent, because this server has stood down. */
export class StoodDown extends Error {}

/**
 * The same cluster, but its commands are refused once another server may have taken the run over: because this one
 * was asleep or cut off since it read what it acts on. The plugin's fence guards a cluster too; one without the plugin has
 * this guard alone.
 */
export const guardedByTerm = (
  adapter: ClusterAdapter,
  membership: Pick<Membership, "term">,
): ClusterAdapter => {
  const term = membership.term();
  const commands = mapCommands(adapter.commands, (send) => {
    if (term !== undefined && membership.term() === term) return send();
    throw new StoodDown("this server was away for so long that another may manage the run by now");
  });
  return { ...adapter, commands };
};
