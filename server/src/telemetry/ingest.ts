import { Counter, type Registry } from "prom-client";
import type { MetricsFacade } from "../metrics/run-metrics.ts";

type IngestBatch<A> = (bytes: Uint8Array) => Promise<A>;

/** Counts what `ingestBatch` stores, from HTTP and from the folders of local runs. */
export const measureIngest = <A extends { readonly samples: number }>(
  ingestBatch: IngestBatch<A>,
  registry: Registry,
): IngestBatch<A> => {
  const registers = [registry];
  const batches = new Counter({
    name: "load_manager_ingest_batches_total",
    help: "Batches of metrics that were accepted, repeated ones included.",
    registers,
  });
  const samples = new Counter({
    name: "load_manager_ingest_samples_total",
    help: "Samples that were stored; a sample is one second of a run, and counts once however often it arrives.",
    registers,
  });
  const received = new Counter({
    name: "load_manager_ingest_bytes_total",
    help: "Bytes of the accepted batches, decompressed.",
    registers,
  });
  return async (bytes) => {
    const answer = await ingestBatch(bytes);
    batches.inc();
    samples.inc(answer.samples);
    received.inc(bytes.byteLength);
    return answer;
  };
};

/** Counts the cumulative snapshots of Locusts without the plugin's batches. */
export const measureSnapshots = (
  storeMetric: MetricsFacade["storeMetric"],
  registry: Registry,
): MetricsFacade["storeMetric"] => {
  const snapshots = new Counter({
    name: "load_manager_ingest_snapshots_total",
    help: "Cumulative snapshots of runs that were accepted: posted by a simple plugin (json), or read from Locust's pages (polled).",
    labelNames: ["source"],
    registers: [registry],
  });
  for (const source of ["json", "polled"]) snapshots.inc({ source }, 0);
  return async (run, snapshot, origin) => {
    const counts = await storeMetric(run, snapshot, origin);
    if (counts) snapshots.inc({ source: origin.source });
    return counts;
  };
};
