import type { Stores } from "../ports.ts";
import type { OpenStores } from "./harness.ts";

type Verb = (...args: unknown[]) => Promise<unknown>;
type Port = "loadTests" | "revisions" | "runs" | "events" | "leases" | "metrics" | "keys";

/** The same store through two connections of their own, as two servers have it: each call goes through the other one than the call before. */
export const twoClients =
  (open: OpenStores): OpenStores =>
  async () => {
    const both = [await open(), await open()] as const;
    const [first, second] = both;
    let calls = 0;
    const inTurn = <K extends Port>(name: K): Stores[K] => {
      const verbs = Object.keys(first[name]).map((verb) => {
        const call: Verb = (...args) => {
          calls += 1;
          const port = both[calls % 2 === 0 ? 0 : 1][name] as unknown as Record<string, Verb>;
          return port[verb]?.(...args) ?? Promise.reject(new Error(`there is no ${verb}`));
        };
        return [verb, call];
      });
      return Object.fromEntries(verbs) as Stores[K];
    };
    return {
      ...first,
      loadTests: inTurn("loadTests"),
      revisions: inTurn("revisions"),
      runs: inTurn("runs"),
      events: inTurn("events"),
      leases: inTurn("leases"),
      metrics: inTurn("metrics"),
      keys: inTurn("keys"),
      close: async () => {
        await Promise.all([first.close(), second.close()]);
      },
    };
  };
