import { Hint } from "@load-manager/contract/api/changes.ts";
import type { Scope, ScopeFilter } from "@load-manager/contract/model/primitives.ts";
import { covers } from "@load-manager/contract/model/scope.ts";
import type { LoadTest } from "@load-manager/contract/model/load-test.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { z } from "zod";
import type { ClusterState } from "../clusters/cluster-state.ts";
import { type ClusterConfig, isClusterVisible } from "../clusters/select-cluster.ts";
import type { Visible } from "../stores/model/collection.ts";
import type { Connection } from "./connection.ts";

/** A hint, and who may see what it is about. */
export type Change = { readonly hint: Hint; readonly isVisible: (visible: Visible) => boolean };

export const MANY: Change = { hint: { kind: "many" }, isVisible: () => true };

const seenIn = (scope: ScopeFilter) => (visible: Visible) =>
  visible.some((one) => covers(one, scope));

export const loadTestChange = (
  loadTest: Pick<LoadTest, "id" | "version"> & Scope,
  gone?: true,
): Change => {
  const { id, version } = loadTest;
  const hint = { kind: "loadTest" as const, id, version, ...(gone ? { gone } : {}) };
  return { hint, isVisible: seenIn(loadTest) };
};

/** A run whose deletion is decided is gone: nobody sees it any more. */
export const runChange = (run: LoadTestRun): Change => {
  const { id, loadTestId, status, verdict, version, deletingAt } = run;
  const hint = {
    kind: "run" as const,
    id,
    ...(loadTestId === undefined ? {} : { loadTestId }),
    status,
    verdict,
    version,
    ...(deletingAt === undefined ? {} : { gone: true as const }),
  };
  return { hint, isVisible: seenIn(run) };
};

export const clusterChange = (
  { id, scope }: Pick<ClusterConfig, "id" | "scope">,
  status: ClusterState,
): Change => ({
  hint: { kind: "cluster", id, status },
  isVisible: (visible) => isClusterVisible({ scope }, visible),
});

/** So many hints a reader gets in a second; instead of further ones it is told to read everything again. */
const MOST_A_SECOND = 5;
const SECOND_MS = 1000;

const bytesOf = (hint: Hint): Buffer =>
  Buffer.from(`event: hint\ndata: ${JSON.stringify(z.encode(Hint, hint))}\n\n`);

/** Who gets hints on a connection, from `begin` on. The first one is `many`: what came before is not known. */
export const createHintReader = (connection: Connection, visible: Visible) => {
  let sent = 0;
  let isMissing = false;
  let second: NodeJS.Timeout | undefined;
  const write = (hint: Hint): void => {
    sent += 1;
    if (!connection.offer(bytesOf(hint))) isMissing = true;
  };
  const nextSecond = (): void => {
    sent = 0;
    second = undefined;
    if (!isMissing) return;
    isMissing = false;
    second = setTimeout(nextSecond, SECOND_MS).unref();
    write(MANY.hint);
  };
  connection.onClose(() => clearTimeout(second));
  let hasBegun = false;
  return {
    begin: (): void => {
      if (hasBegun) return;
      hasBegun = true;
      write(MANY.hint);
      sent = 0;
    },
    offer: ({ hint, isVisible }: Change): void => {
      if (!hasBegun || connection.isClosed() || !isVisible(visible)) return;
      second ??= setTimeout(nextSecond, SECOND_MS).unref();
      if (sent < MOST_A_SECOND) write(hint);
      else isMissing = true;
    },
  };
};
export type HintReader = ReturnType<typeof createHintReader>;
