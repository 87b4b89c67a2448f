import type { ClusterAnswer } from "@load-manager/contract/api/cluster.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { messageOf } from "../lib/errors.ts";
import { holdsSlot } from "../runs/domain/states.ts";
import type { ClusterAdapter, ClusterProbe } from "./port.ts";

export type ClusterState = ClusterAnswer["state"];

/** A probe that fails says that the state is not known. Never rejects. */
export const probeOf = (adapter: ClusterAdapter): Promise<ClusterProbe> =>
  adapter.probe().catch((error: unknown) => ({ state: "unknown", message: messageOf(error) }));

/** The runs that have, or may have, a slot of the cluster. `open`: the runs that are not settled. */
export const holdersOf = (
  { config }: Pick<ClusterAdapter, "config">,
  open: readonly LoadTestRun[],
): LoadTestRun[] => open.filter((run) => run.locustClusterId === config.id && holdsSlot(run));

/** What a probe says, but "busy" where every slot of an idle cluster is taken: local Locusts start with their runs. */
export const stateOf = (
  { config }: Pick<ClusterAdapter, "config">,
  probe: ClusterProbe,
  holders: readonly LoadTestRun[],
): ClusterState =>
  probe.state === "idle" && holders.length >= config.maxConcurrentRuns ? "busy" : probe.state;
