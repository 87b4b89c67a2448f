import { collectDefaultMetrics, Gauge, type GaugeConfiguration, Registry } from "prom-client";

/** Gauges whose names end as those of counters do; `promtool check metrics` refuses them. */
const MISNAMED = [
  "nodejs_active_resources_total",
  "nodejs_active_handles_total",
  "nodejs_active_requests_total",
];

/** A gauge of this registry; `collect` sets it when the metrics are read. */
export const addGauge = <T extends string>(
  registry: Registry,
  config: Omit<GaugeConfiguration<T>, "registers">,
): Gauge<T> => new Gauge({ ...config, registers: [registry] });

/** The metrics of one server, beginning with those of its process and its build. Each room of instruments adds its own. */
export const createMetricRegistry = (version: string): Registry => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  addGauge(registry, {
    name: "load_manager_build_info",
    help: "The version of Load Manager that runs; the value is always 1.",
    labelNames: ["version"],
  }).set({ version }, 1);
  return registry;
};
