import { createHash } from "node:crypto";
import { SnapshotInput } from "@load-manager/contract/plugin/callbacks.ts";
import type { SampleEvent } from "@load-manager/contract/api/metrics-detail.ts";
import { z } from "zod";
import { ByteReader, ByteWriter, malformed } from "./bytes.ts";
import { endpointIdOf, hex } from "./endpoint-id.ts";

const SECTION = {
  second: 1,
  users: 2,
  workers: 3,
  part: 4,
  names: 5,
  errors: 6,
  exceptions: 7,
  snapshot: 8,
} as const;

/** Sums over some requests; times in microseconds, 0 where no request had a response time. */
export type Delta = {
  readonly requests: number;
  readonly failures: number;
  readonly noTime: number;
  readonly sumUs: number;
  readonly minUs: number;
  readonly maxUs: number;
  readonly bytes: number;
  /** Encoded histograms of successful and failed responses. */
  readonly ok: Uint8Array;
  readonly failed: Uint8Array;
};

/** The requests of one endpoint in one second on one worker. */
export type EndpointDelta = Delta & { readonly id: string };

/** A cumulative snapshot that the server polled or received, and the first second that it covers beyond the one before. */
const ServerSnapshot = z.object({
  source: z.enum(["json", "polled"]),
  fromSecond: z.int(),
  snapshot: SnapshotInput,
});
export type ServerSnapshot = z.output<typeof ServerSnapshot>;

export type Sample = {
  readonly second: number;
  readonly users?: { readonly target: number; readonly real: number };
  /** Encoded sections that only live streams need; see `classesOf` and `workersOf`. */
  readonly usersSection?: Uint8Array;
  readonly workersSection?: Uint8Array;
  /** The workers' encoded reports; see `endpointsOf`. */
  readonly parts: readonly Uint8Array[];
  readonly names: readonly {
    readonly id: string;
    readonly method: string;
    readonly name: string;
  }[];
  readonly errors: readonly ErrorCount[];
  readonly exceptions: readonly ExceptionCount[];
  readonly snapshot?: ServerSnapshot;
};

/** How often an error occurred at an endpoint, first and last (Unix ms). */
export type ErrorCount = {
  readonly id: string;
  readonly error: string;
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
};

/** How often a script raised an exception, and on which workers (joined by ", "). */
export type ExceptionCount = {
  readonly workers: string;
  readonly message: string;
  readonly traceback: string;
  readonly count: number;
};

/** A sample and its endpoints' deltas: what has to be decoded once only. */
export type DecodedSample = { readonly sample: Sample; readonly deltas: readonly EndpointDelta[] };

const WORKER_STATES = ["unknown", "ready", "spawning", "running", "missing", "stopped"] as const;

/** Users of each class of the script. */
export const classesOf = ({ usersSection }: Sample): SampleEvent["userClasses"] => {
  const classes: SampleEvent["userClasses"] = [];
  if (usersSection === undefined) return classes;
  const reader = new ByteReader(usersSection);
  // Skip the run's totals, which `decodeSample` has read.
  reader.varint();
  reader.varint();
  for (let left = reader.varint(); left > 0; left -= 1) {
    const [name, targetUsers, currentUsers] = [reader.text(), reader.varint(), reader.varint()];
    classes.push({ name, targetUsers, currentUsers });
  }
  return classes;
};

/** The state of each worker according to the master. */
export const workersOf = ({ workersSection }: Sample): SampleEvent["workers"] => {
  const workers: SampleEvent["workers"] = [];
  if (workersSection === undefined) return workers;
  const reader = new ByteReader(workersSection);
  for (let left = reader.varint(); left > 0; left -= 1) {
    const [id, state] = [reader.text(), WORKER_STATES[reader.byte()] ?? "unknown"];
    const [users, cpu] = [reader.varint(), reader.varint()];
    workers.push({ id, state, users, cpuPercent: cpu / 100 });
  }
  return workers;
};

/** The first 8 bytes of SHA-256 over method, NUL, name; as 16 hex digits. */
export const endpointId = (method: string, name: string): string =>
  createHash("sha256").update(`${method}\0${name}`, "utf8").digest("hex").slice(0, 16);

/** Decodes a sample's sections. Unknown sections are skipped, parts stay encoded. Throws AppError validation. */
export const decodeSample = (body: Uint8Array): Sample => {
  const reader = new ByteReader(body);
  let second: number | undefined;
  let users: Sample["users"];
  let usersSection: Uint8Array | undefined;
  let workersSection: Uint8Array | undefined;
  let snapshot: ServerSnapshot | undefined;
  const parts: Uint8Array[] = [];
  const names: Sample["names"][number][] = [];
  const errors: ErrorCount[] = [];
  const exceptions: ExceptionCount[] = [];
  while (!reader.done) {
    const type = reader.byte();
    const payload = reader.take(reader.varint());
    const section = new ByteReader(payload);
    if (type === SECTION.second) second = section.varint();
    else if (type === SECTION.users) {
      users = { target: section.varint(), real: section.varint() };
      usersSection = payload;
    } else if (type === SECTION.workers) workersSection = payload;
    else if (type === SECTION.part) {
      section.text();
      parts.push(section.rest());
    } else if (type === SECTION.names) {
      for (let left = section.varint(); left > 0; left -= 1) {
        names.push({ id: hex(section.take(8)), method: section.text(), name: section.text() });
      }
    } else if (type === SECTION.errors) {
      for (let left = section.varint(); left > 0; left -= 1) {
        const [id, error] = [hex(section.take(8)), section.text()];
        const [count, firstMs, lastMs] = [section.varint(), section.varint(), section.varint()];
        errors.push({ id, error, count, firstMs, lastMs });
      }
    } else if (type === SECTION.exceptions) {
      for (let left = section.varint(); left > 0; left -= 1) {
        const [workers, message, traceback] = [section.text(), section.text(), section.text()];
        exceptions.push({ workers, message, traceback, count: section.varint() });
      }
    } else if (type === SECTION.snapshot) snapshot = snapshotOf(payload);
  }
  if (second === undefined) throw malformed("a sample has no second");
  return {
    second,
    parts,
    names,
    errors,
    exceptions,
    ...(users === undefined ? {} : { users }),
    ...(usersSection === undefined ? {} : { usersSection }),
    ...(workersSection === undefined ? {} : { workersSection }),
    ...(snapshot === undefined ? {} : { snapshot }),
  };
};

const snapshotOf = (payload: Uint8Array): ServerSnapshot => {
  try {
    return ServerSnapshot.parse(JSON.parse(Buffer.from(payload).toString("utf8")));
  } catch {
    throw malformed("a snapshot in it cannot be read");
  }
};

/** The deltas of all parts of a sample; histograms stay encoded. Throws AppError validation. */
export const endpointsOf = ({ parts }: Pick<Sample, "parts">): EndpointDelta[] => {
  const deltas: EndpointDelta[] = [];
  for (const part of parts) eachEndpoint(part, (delta) => deltas.push(delta));
  return deltas;
};

const eachEndpoint = (part: Uint8Array, visit: (delta: EndpointDelta) => void): void => {
  const reader = new ByteReader(part);
  for (let left = reader.varint(); left > 0; left -= 1) {
    visit({
      id: endpointIdOf(part, reader.skip(8)),
      requests: reader.varint(),
      failures: reader.varint(),
      noTime: reader.varint(),
      sumUs: reader.varint(),
      minUs: reader.varint(),
      maxUs: reader.varint(),
      bytes: reader.varint(),
      ok: reader.take(reader.varint()),
      failed: reader.take(reader.varint()),
    });
  }
  if (!reader.done) throw malformed("bytes follow a part's last endpoint");
};

const encodePart = (worker: string, endpoints: readonly EndpointDelta[]): Uint8Array => {
  const writer = new ByteWriter().text(worker).varint(endpoints.length);
  for (const endpoint of endpoints) {
    writer.raw(Buffer.from(endpoint.id, "hex"));
    const { requests, failures, noTime, sumUs, minUs, maxUs, bytes } = endpoint;
    for (const value of [requests, failures, noTime, sumUs, minUs, maxUs, bytes])
      writer.varint(value);
    writer.block(endpoint.ok).block(endpoint.failed);
  }
  return writer.finish();
};

/** Encodes a sample that the server records itself. */
export const encodeSample = (sample: {
  readonly second: number;
  readonly users: { readonly target: number; readonly real: number };
  readonly worker: string;
  readonly endpoints: readonly EndpointDelta[];
  readonly names: Sample["names"];
  readonly errors?: Sample["errors"];
  readonly snapshot?: ServerSnapshot;
}): Uint8Array => {
  const names = new ByteWriter().varint(sample.names.length);
  for (const { id, method, name } of sample.names) {
    names.raw(Buffer.from(id, "hex")).text(method).text(name);
  }
  const { target, real } = sample.users;
  const writer = new ByteWriter()
    .byte(SECTION.second)
    .block(new ByteWriter().varint(sample.second).finish())
    .byte(SECTION.users)
    .block(new ByteWriter().varint(target).varint(real).varint(0).finish())
    .byte(SECTION.names)
    .block(names.finish())
    .byte(SECTION.part)
    .block(encodePart(sample.worker, sample.endpoints));
  if (sample.errors !== undefined && sample.errors.length > 0) {
    const errors = new ByteWriter().varint(sample.errors.length);
    for (const { id, error, count, firstMs, lastMs } of sample.errors) {
      errors.raw(Buffer.from(id, "hex")).text(error).varint(count).varint(firstMs).varint(lastMs);
    }
    writer.byte(SECTION.errors).block(errors.finish());
  }
  if (sample.snapshot !== undefined) {
    writer.byte(SECTION.snapshot).block(Buffer.from(JSON.stringify(sample.snapshot)));
  }
  return writer.finish();
};
