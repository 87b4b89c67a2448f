import type { CollectionOf } from "../model/collection.ts";
import type { OpenedStores } from "../ports.ts";
import type { OpenStores } from "./harness.ts";
import { wrappedPorts } from "./wrapped-ports.ts";

const READS = [
  "get",
  "list",
  "first",
  "all",
  "keys",
  "newest",
  "content",
  "files",
  "unsettled",
  "findExternal",
  "kept",
  "count",
  "getLive",
  "heartbeats",
  "after",
  "read",
  "readAfter",
  "readRollups",
  "uncompacted",
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
    const wrapped = <T extends object>(of: (stores: OpenedStores) => T): T => {
      const verbs = Object.keys(of(current)).map((verb) => {
        const call: Verb = (...args) => {
          const copies = structuredClone(args);
          return inTurn(async () => {
            if (READS.includes(verb) && written) {
              await current.close();
              current = await open();
              written = false;
            } else if (!READS.includes(verb)) written = true;
            const verbsNow = of(current) as unknown as Record<string, Verb>;
            return verbsNow[verb]?.(...copies);
          });
        };
        return [verb, call];
      });
      return Object.fromEntries(verbs) as T;
    };
    const collection: CollectionOf = (description) =>
      wrapped((stores) => stores.collection(description));
    return {
      kind: current.kind,
      identity: current.identity,
      shared: current.shared,
      collection,
      ...wrappedPorts((port) => wrapped(port)),
      ping: () => inTurn(() => current.ping()),
      storageUse: () => inTurn(() => current.storageUse()),
      close: () => inTurn(() => current.close()),
    };
  };
