import { Counter, Histogram, type Registry } from "prom-client";
import type { Clock } from "../lib/clock.ts";
import { MODELS } from "../stores/model/models.ts";
import type { Stores } from "../stores/ports.ts";
import { addGauge } from "./registry.ts";

/** From half a millisecond, which a read of SQLite takes, to what a database elsewhere takes under load. */
const BUCKETS_SECONDS = [0.0005, 0.002, 0.005, 0.02, 0.1, 0.5, 2, 10];

type Ports = Omit<
  Stores,
  | "kind"
  | "identity"
  | "shared"
  | "dump"
  | "ping"
  | "takenAway"
  | "queueLength"
  | "storageUse"
  | "close"
>;
type Verb = (...args: readonly unknown[]) => Promise<unknown>;

/** The same stores; each verb of each port is timed. */
export const measureStores = (
  stores: Stores,
  registry: Registry,
  clock: Pick<Clock, "monotonic">,
): Stores => {
  const labelNames = ["port", "verb"];
  const registers = [registry];
  const durations = new Histogram({
    name: "load_manager_store_operation_duration_seconds",
    help: "How long operations of the store took, the wait for its thread or connection included, by port and verb.",
    labelNames,
    buckets: BUCKETS_SECONDS,
    registers,
  });
  const failures = new Counter({
    name: "load_manager_store_operation_failures_total",
    help: "Operations of the store that failed, by port and verb.",
    labelNames,
    registers,
  });
  const { queueLength } = stores;
  addGauge(registry, {
    name: "load_manager_store_queue_length",
    help: "Operations that wait for the thread that stores metrics, the one under way included. Absent where the store has no such thread.",
    collect() {
      if (queueLength === undefined) this.remove();
      else this.set(queueLength());
    },
  });

  const measured = (port: string, verb: string, call: Verb): Verb => {
    const duration = durations.labels(port, verb);
    return async (...args) => {
      const start = clock.monotonic();
      try {
        return await call(...args);
      } catch (error) {
        failures.inc({ port, verb });
        throw error;
      } finally {
        duration.observe((clock.monotonic() - start) / 1000);
      }
    };
  };
  const portOf = <K extends keyof Ports>(port: K): Stores[K] =>
    // Every verb of a port is a function that answers a promise.
    Object.fromEntries(
      Object.entries(stores[port] as Record<string, Verb>).map(([verb, call]) => [
        verb,
        measured(port, verb, call),
      ]),
    ) as Stores[K];
  const described = Object.keys(MODELS) as (keyof typeof MODELS)[];
  return {
    ...stores,
    ...(Object.fromEntries(described.map((name) => [name, portOf(name)])) as Pick<
      Stores,
      keyof typeof MODELS
    >),
    events: portOf("events"),
    leases: portOf("leases"),
    metrics: portOf("metrics"),
    keys: portOf("keys"),
  };
};
