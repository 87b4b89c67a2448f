import type { StorageUse } from "@load-manager/contract/model/storage.ts";
import type { CollectionOf } from "./model/collection.ts";
import type { StoreDump } from "./dump.ts";
import type { RunEventStore } from "./model/event-store.ts";
import type { IdempotencyStore } from "./model/idempotency-store.ts";
import type { LeaseStore } from "./model/lease-store.ts";
import type { MetricStore } from "./model/metric-store.ts";
import type { MODELS } from "./model/models.ts";

/** The ports of the described entities: `loadTests`, `revisions`, `runs` and all that is in the list of models. */
export type DescribedPorts = {
  readonly [Name in keyof typeof MODELS]: ReturnType<(typeof MODELS)[Name]["port"]>;
};

/**
 * What a store is. Every port has one conformance suite in `stores/conformance/`, run on every adapter.
 * Stores never make ids or times; they copy what they take in and hand out. A write that depends on what
 * was read is compare-and-set, and returns `undefined` when another writer was first.
 */
export type Stores = DescribedPorts & {
  readonly kind: "memory" | "sqlite" | "mongodb";
  /** Identifies the data: processes that were started for other data are left alone. */
  readonly identity: string;
  /** Other servers may use it at the same time. */
  readonly shared: boolean;
  readonly events: RunEventStore;
  readonly leases: LeaseStore;
  readonly metrics: MetricStore;
  readonly keys: IdempotencyStore;
  readonly dump: StoreDump;
  /** Rejects with the reason where the store cannot be written to just now. */
  readonly ping: () => Promise<void>;
  /**
   * Where other programs can take the opened data away, resolves with the reason once one has: a migration was rolled back, or
   * a newer program has changed the format.
   */
  readonly takenAway?: () => Promise<string | undefined>;
  /** Operations that wait for the thread that stores metrics, where there is one. */
  readonly queueLength?: () => number;
  /** How much is stored, without counting metrics record by record. */
  readonly storageUse: () => Promise<StorageUse>;
  readonly close: () => Promise<void>;
};

/** Stores as they are opened: with the verbs that the described ports are made of, which the conformance suite tests. */
export type OpenedStores = Stores & { readonly collection: CollectionOf };
