import type { Actor } from "@load-manager/contract/model/actor.ts";
import type { ReloadAnswer } from "@load-manager/contract/api/reload.ts";
import type { ClusterWatch } from "../../clusters/cluster-watch.ts";
import type { Clusters } from "../../clusters/port.ts";
import { messageOf } from "../../lib/errors.ts";
import type { Ownership } from "../../runs/ownership/leases.ts";
import type { Stores } from "../../stores/ports.ts";
import type { Handlers } from "../bind.ts";

type Deps = {
  readonly stores: Pick<Stores, "kind" | "ping" | "storageUse">;
  readonly clusters: Clusters;
  readonly watch: Pick<ClusterWatch, "last">;
  readonly ownership: Pick<Ownership, "holder" | "hostId" | "term">;
  readonly version: string;
  /** Why the server is not ready; empty where it is. */
  readonly notReady: () => readonly string[];
  readonly reload: (actor: Actor) => Promise<ReloadAnswer>;
  /** The metrics of this server in Prometheus' text format. */
  readonly prometheusMetrics: () => Promise<string>;
};

type Keys =
  | "getLiveness"
  | "getReadiness"
  | "getHealth"
  | "getPrometheusMetrics"
  | "reloadConfiguration"
  | "getStorageUse";

export const systemHandlers = (deps: Deps): Pick<Handlers, Keys> => {
  const { stores, clusters, watch, ownership, version } = deps;

  const storeProblem = (): Promise<string | undefined> =>
    stores.ping().then(
      () => undefined,
      (error: unknown) => messageOf(error),
    );

  const isActive = (): boolean => ownership.term() !== undefined;

  return {
    getLiveness: async () => ({ body: { status: "ok" } }),
    getReadiness: async () => {
      const problem = await storeProblem();
      const reasons = [
        ...deps.notReady(),
        ...(isActive() ? [] : ["this server's heartbeat has not reached the store for too long"]),
        ...(problem === undefined ? [] : [`store: ${problem}`]),
      ];
      const ready = reasons.length === 0;
      return { status: ready ? 200 : 503, body: { ready, reasons } };
    },
    getHealth: async () => {
      const problem = await storeProblem();
      const probes = await Promise.all([...clusters.values()].map(watch.last));
      const unreachable = probes.filter((probe) => probe.state === "unreachable").length;
      const ok = problem === undefined;
      return {
        body: {
          status: ok && unreachable === 0 ? "ok" : "degraded",
          version,
          server: { id: ownership.holder, hostId: ownership.hostId, active: isActive() },
          store: { kind: stores.kind, ok, ...(problem === undefined ? {} : { message: problem }) },
          clusters: { total: probes.length, unreachable },
        },
      };
    },
    getStorageUse: async ({ access }) => {
      access.checkAnywhere();
      return { body: { kind: stores.kind, ...(await stores.storageUse()) } };
    },
    getPrometheusMetrics: async () => ({ raw: await deps.prometheusMetrics() }),
    reloadConfiguration: async ({ access, actor }) => {
      access.checkAnywhere();
      return { body: await deps.reload(actor) };
    },
  };
};
