import { AppError } from "../../lib/errors.ts";
import type { Stores } from "../ports.ts";

/** A server beats every 2.5 s: within this time the heartbeat of each that lives has risen. */
const BEAT_WAIT_MS = 3000;

/** The servers whose heartbeat rises. A store that only one process can open has none: this process has opened it. */
const serversOn = async (
  { shared, leases }: Stores,
  sleep: (ms: number) => Promise<void>,
): Promise<string[]> => {
  if (!shared) return [];
  const before = await leases.heartbeats();
  await sleep(BEAT_WAIT_MS);
  const now = await leases.heartbeats();
  return [...now].filter(([holder, beat]) => before.get(holder) !== beat).map(([holder]) => holder);
};

export const refuseInUse = async (
  stores: Stores,
  shown: string,
  sleep: (ms: number) => Promise<void>,
): Promise<void> => {
  const servers = await serversOn(stores, sleep);
  if (servers.length === 0) return;
  throw new AppError(
    "conflict",
    `${servers.length === 1 ? "A server is" : `${servers.length} servers are`} using ${shown} just now. Stop all servers on it first; --force copies nevertheless what is found, and what changes meanwhile is not copied.`,
  );
};

/** Rejects where runs are active: servers of both stores would control them. Returns how many runs wait; those are copied. */
export const refuseActiveRuns = async ({ runs }: Stores, shown: string): Promise<number> => {
  const open = await runs.unsettled();
  const active = open.filter(({ status }) => status !== "Pending");
  if (active.length > 0) {
    const named = active.slice(0, 5).map(({ id, name, status }) => `${name} (${id}, ${status})`);
    const more = active.length > 5 ? `, and ${active.length - 5} more` : "";
    throw new AppError(
      "conflict",
      `Runs in ${shown} are not over: ${named.join(", ")}${more}. Start a server on it and let them end, or stop them; two servers must not manage the same run.`,
    );
  }
  return open.length;
};
