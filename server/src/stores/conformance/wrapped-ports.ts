import { MODELS } from "../model/models.ts";
import type { OpenedStores, Stores } from "../ports.ts";

type Ports = Omit<
  Stores,
  "kind" | "identity" | "shared" | "ping" | "takenAway" | "queueLength" | "storageUse" | "close"
>;
const HAND_WRITTEN = ["events", "leases", "metrics", "keys", "dump"] as const;

/** Every port of a store, wrapped: a new model needs no line here. */
export const wrappedPorts = (wrap: (of: (stores: OpenedStores) => object) => object): Ports => {
  const names = [...(Object.keys(MODELS) as (keyof typeof MODELS)[]), ...HAND_WRITTEN];
  return Object.fromEntries(names.map((name) => [name, wrap((stores) => stores[name])])) as Ports;
};
