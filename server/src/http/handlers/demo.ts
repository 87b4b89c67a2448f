import type { StartDemo } from "@load-manager/contract/api/run.ts";
import type { Scope } from "@load-manager/contract/model/primitives.ts";
import { covers } from "@load-manager/contract/model/scope.ts";
import type { Clusters } from "../../clusters/port.ts";
import { AppError } from "../../lib/errors.ts";
import type { RunReader } from "../../stores/model/load-test-run.ts";
import type { Handlers } from "../bind.ts";

/** Where the demo's load test and runs are. */
const DEMO_SCOPE: Scope = { accountId: "demo", orgId: "demo", projectId: "demo" };

/** Opens the shop and starts a run against it on a cluster. The same key starts the same run. */
export type DemoLauncher = (demo: {
  readonly load: StartDemo;
  readonly clusterId: string;
  readonly key: string;
}) => Promise<{ readonly runId: string }>;

type Deps = {
  readonly runs: RunReader;
  readonly clusters: Clusters;
  /** Absent where the server was not started for people who try it. */
  readonly launch: DemoLauncher | undefined;
  readonly isOpen: () => boolean;
};

/** The launcher and the cluster of the demo, or why it cannot be started. */
const offerOf = ({ clusters, launch, isOpen }: Omit<Deps, "runs">) => {
  if (launch === undefined) return { why: "This server does not offer the demo; npm start does." };
  if (!isOpen()) return { why: "This server has tokens, so it does not offer the demo." };
  const cluster = [...clusters.values()].find(
    ({ config }) => config.kind === "local" && covers(config.scope, DEMO_SCOPE),
  );
  return cluster === undefined
    ? { why: "No local cluster serves the scope demo/demo/demo." }
    : { launch, clusterId: cluster.config.id };
};

export const offersDemo = (deps: Omit<Deps, "runs">): boolean => "launch" in offerOf(deps);

export const demoHandlers = (deps: Deps): Pick<Handlers, "startDemo"> => ({
  startDemo: async ({ body, access, newId }) => {
    access.checkAnywhere();
    const offer = offerOf(deps);
    if ("why" in offer) throw new AppError("conflict", offer.why);
    const { runId } = await offer.launch({ load: body, clusterId: offer.clusterId, key: newId });
    const run = await deps.runs.get(runId);
    if (run === undefined) throw new AppError("not-found", "The demo's run is gone.");
    return { body: run };
  },
});
