import type { CollectionOf } from "../model/collection.ts";
import type { OpenedStores } from "../ports.ts";
import type { OpenStores } from "./harness.ts";
import { wrappedPorts } from "./wrapped-ports.ts";

type Verb = (...args: unknown[]) => Promise<unknown>;

/** The same store through two connections of their own, as two servers have it: each call goes through the other one than the call before. */
export const twoClients =
  (open: OpenStores): OpenStores =>
  async () => {
    const both = [await open(), await open()] as const;
    const [first, second] = both;
    let calls = 0;
    const inTurn = <T extends object>(of: (stores: OpenedStores) => T): T => {
      const verbs = Object.keys(of(first)).map((verb) => {
        const call: Verb = (...args) => {
          calls += 1;
          const port = of(both[calls % 2 === 0 ? 0 : 1]) as unknown as Record<string, Verb>;
          return port[verb]?.(...args) ?? Promise.reject(new Error(`there is no ${verb}`));
        };
        return [verb, call];
      });
      return Object.fromEntries(verbs) as T;
    };
    const collection: CollectionOf = (description) =>
      inTurn((stores) => stores.collection(description));
    return {
      ...first,
      ...wrappedPorts((port) => inTurn(port)),
      collection,
      dump: first.dump,
      close: async () => {
        await Promise.all([first.close(), second.close()]);
      },
    };
  };
