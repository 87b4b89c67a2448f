import { Counter, type Registry } from "prom-client";

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
