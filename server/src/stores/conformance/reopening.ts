import type { Stores } from "../ports.ts";
import type { OpenStores } from "./harness.ts";

const READS = [
  "get",
  "list",
  "newest",
  "content",
  "unsettled",
  "findExternal",
  "count",
  "getLive",
  "heartbeats",
  "read",
  "readAfter",
  "walk",
  "mark",
];

type Verb = (...args: unknown[]) => Promise<unknown>;

/**
 * The same stores, closed and opened again before the first read after a write: what is read was on the disk.
 * Calls wait for each other, so that none is under way when the stores are closed.
 */
export const reopening =
  (open: OpenStores): OpenStores =>
  async () => {
    let current = await open();
    let written = false;
    let tail: Promise<unknown> = Promise.resolve();
    const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
      const turn = tail.then(work, work);
      tail = turn.catch(() => undefined);
      return turn;
    };
    const port = <
      K extends
        | "loadTests"
        | "revisions"
        | "runs"
        | "events"
        | "leases"
        | "metrics"
        | "keys"
        | "dump",
    >(
      name: K,
    ): Stores[K] => {
      const verbs = Object.keys(current[name]).map((verb) => {
        const call: Verb = (...args) => {
          const copies = structuredClone(args);
          return inTurn(async () => {
            if (READS.includes(verb) && written) {
              await current.close();
              current = await open();
              written = false;
            } else if (!READS.includes(verb)) written = true;
            const verbsNow = current[name] as unknown as Record<string, Verb>;
            return verbsNow[verb]?.(...copies);
          });
        };
        return [verb, call];
      });
      return Object.fromEntries(verbs) as Stores[K];
    };
    return {
      kind: current.kind,
      identity: current.identity,
      shared: current.shared,
      loadTests: port("loadTests"),
      revisions: port("revisions"),
      runs: port("runs"),
      events: port("events"),
      leases: port("leases"),
      metrics: port("metrics"),
      keys: port("keys"),
      dump: port("dump"),
      ping: () => inTurn(() => current.ping()),
      close: () => inTurn(() => current.close()),
    };
  };
