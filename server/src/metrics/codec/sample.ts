import { createHash } from "node:crypto";
import { SnapshotInput } from "@load-manager/contract/plugin/callbacks.ts";
import type { SampleEvent } from "@load-manager/contract/api/metrics-detail.ts";
import { z } from "zod";
import { ByteReader, malformed, unzigzag } from "./bytes.ts";
import { idAt } from "./endpoint-id.ts";

/** The types of a sample's sections (`locust-plugin/PROTOCOL.md`). */
export const SECTION = {
  second: 1,
  users: 2,
  part: 4,
  names: 5,
  snapshot: 8,
  processes: 9,
  failures: 10,
  exceptions: 11,
  texts: 12,
  clocksUnknown: 13,
  // Of protocol 2, in records that were stored before protocol 3.
  workers2: 3,
  errors2: 6,
  exceptions2: 7,
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

/**
 * What a record of a cumulative snapshot says of itself. It covers the seconds from `fromSecond` to its own, for which it
 * has the users; what was counted is spread over the seconds from `countsFrom` on. A record that
 * would reach over the start of a rollup's window is split there; only the last part has the snapshot.
 */
const SnapshotNote = z.object({
  source: z.enum(["json", "polled"]),
  /** The address that posted it; absent where the server polled it. */
  reporter: z.string().optional(),
  fromSecond: z.int(),
  /** Default: `fromSecond`. */
  countsFrom: z.int().optional(),
  /** For each second from `countsFrom` on, its part of the counts. Default: all the same. */
  weights: z.array(z.int().min(0)).optional(),
  /** The second of the last snapshot that differed from the one before it. */
  changedSecond: z.int().optional(),
  /** The first second over which later counts may be spread: the load began then, or a standstill ended. */
  notBefore: z.int().optional(),
  snapshot: SnapshotInput.optional(),
  /**
   * What is counted of each endpoint, as [requests, failures, microseconds, bytes], where that is not what the snapshot
   * says: endpoints that it leaves out, or whose totals have fallen.
   */
  counted: z
    .record(z.string(), z.tuple([z.number(), z.number(), z.number(), z.number()]))
    .optional(),
  /** The workers that a polled page has shown, and those that were gone or silent during the load since. */
  workers: z.object({ seen: z.array(z.string()), lost: z.array(z.string()) }).optional(),
  /** Which of the series of its address, told apart by totals that fall and rise in turns. Default: 0, the largest. */
  series: z.int().optional(),
  /** Another series has larger totals: nothing of this snapshot is counted. */
  isOther: z.boolean().optional(),
  /** Several processes are known to post from this address. */
  isSeveral: z.boolean().optional(),
  /** How many records the series of this address with the largest totals (an instance), and this one, had when this one began. */
  began: z.object({ leader: z.string(), leaderUpTo: z.int(), upTo: z.int() }).optional(),
});
export type SnapshotNote = z.output<typeof SnapshotNote>;

export type Sample = {
  readonly second: number;
  readonly users?: { readonly target: number; readonly real: number };
  /** Encoded sections; see `classesOf` and `processesOf`. */
  readonly usersSection?: Uint8Array;
  readonly processesSection?: { readonly bytes: Uint8Array; readonly isProtocol2: boolean };
  readonly clocksUnknownSection?: Uint8Array;
  /** The workers' encoded reports; see `endpointsOf`. */
  readonly parts: readonly Uint8Array[];
  readonly names: readonly {
    readonly id: string;
    readonly method: string;
    readonly name: string;
  }[];
  /** Texts of errors, messages and tracebacks, which the counts name by id. */
  readonly texts: readonly { readonly id: string; readonly text: string }[];
  readonly errors: readonly ErrorCount[];
  readonly exceptions: readonly ExceptionCount[];
  readonly snapshot?: SnapshotNote;
  /** The endpoints, where they are decoded already. */
  readonly deltas?: readonly EndpointDelta[];
};

/** How often requests of an endpoint failed with an error; `text` is the id of its text. */
export type ErrorCount = { readonly id: string; readonly text: string; readonly count: number };

/** How often a script raised an exception on a worker; message and traceback are ids of texts. */
type ExceptionCount = {
  readonly worker: string;
  readonly message: string;
  readonly traceback: string;
  readonly count: number;
};

/** A process of Locust in one second. Null: unknown. */
export type ProcessState = {
  /** A worker's id, or "master". */
  readonly id: string;
  readonly state: (typeof WORKER_STATES)[number];
  readonly users: number;
  readonly cpuPercent: number;
  readonly memoryBytes: number | null;
  /** By how much its clock is ahead: a worker's against the master's, the master's against the server's. */
  readonly clockOffsetMs: number | null;
};

/** A sample and its endpoints' deltas: what has to be decoded once only. */
export type DecodedSample = { readonly sample: Sample; readonly deltas: readonly EndpointDelta[] };

/** In the order of their numbers in the wire format. */
export const WORKER_STATES = [
  "unknown",
  "ready",
  "spawning",
  "running",
  "missing",
  "stopped",
] as const;

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

const idsOf = (section: Uint8Array | undefined): ReadonlySet<string> => {
  const ids = new Set<string>();
  if (section === undefined) return ids;
  const reader = new ByteReader(section);
  for (let left = reader.varint(); left > 0; left -= 1) ids.add(reader.text());
  return ids;
};

/** The Locust processes of a sample: the workers, and the master where the plugin is there. */
export const processesOf = (sample: Sample): ProcessState[] => {
  const { processesSection } = sample;
  const processes: ProcessState[] = [];
  if (processesSection === undefined) return processes;
  const { bytes, isProtocol2 } = processesSection;
  const unknownClocks = idsOf(sample.clocksUnknownSection);
  const reader = new ByteReader(bytes);
  for (let left = reader.varint(); left > 0; left -= 1) {
    const [id, state] = [reader.text(), WORKER_STATES[reader.byte()] ?? "unknown"];
    const [users, cpu] = [reader.varint(), reader.varint()];
    // 0: not measured yet.
    const memory = isProtocol2 ? 0 : reader.varint();
    const memoryBytes = memory === 0 ? null : memory;
    const offset = isProtocol2 ? null : unzigzag(reader.varint());
    const clockOffsetMs = unknownClocks.has(id) ? null : offset;
    processes.push({ id, state, users, cpuPercent: cpu / 100, memoryBytes, clockOffsetMs });
  }
  return processes;
};

const idOf = (content: string): string =>
  createHash("sha256").update(content, "utf8").digest("hex").slice(0, 16);

/** The first 8 bytes of SHA-256 over method, NUL, name; as 16 hex digits. */
export const endpointId = (method: string, name: string): string => idOf(`${method}\0${name}`);

/** The text under which the plugin counts the kinds of errors and exceptions beyond its limit. */
export const OTHER_TEXT = "(other)";

/** The first 8 bytes of a text's SHA-256, as 16 hex digits. */
export const textId = (text: string): string => idOf(text);

/** Its text is never sent. */
export const OTHER_TEXT_ID = textId(OTHER_TEXT);

type Draft = {
  -readonly [Key in keyof Sample]: Sample[Key] extends readonly (infer Item)[]
    ? Item[]
    : Sample[Key];
};

/** Reads one section into the draft; unknown ones are skipped. */
const readSection = (draft: Draft, type: number, payload: Uint8Array): void => {
  const section = new ByteReader(payload);
  const each = (read: () => void): void => {
    for (let left = section.varint(); left > 0; left -= 1) read();
  };
  const id = (): string => idAt(payload, section.skip(8));
  const text = (content: string): string => {
    const ofText = textId(content);
    draft.texts.push({ id: ofText, text: content });
    return ofText;
  };
  if (type === SECTION.second) draft.second = section.varint();
  else if (type === SECTION.users) {
    draft.users = { target: section.varint(), real: section.varint() };
    draft.usersSection = payload;
  } else if (type === SECTION.processes || type === SECTION.workers2) {
    draft.processesSection = { bytes: payload, isProtocol2: type === SECTION.workers2 };
  } else if (type === SECTION.clocksUnknown) draft.clocksUnknownSection = payload;
  else if (type === SECTION.part) {
    section.text();
    draft.parts.push(section.rest());
  } else if (type === SECTION.names) {
    each(() => draft.names.push({ id: id(), method: section.text(), name: section.text() }));
  } else if (type === SECTION.texts) {
    each(() => draft.texts.push({ id: id(), text: section.text() }));
  } else if (type === SECTION.failures) {
    each(() => draft.errors.push({ id: id(), text: id(), count: section.varint() }));
  } else if (type === SECTION.exceptions) {
    each(() => {
      const [worker, message, traceback] = [section.text(), id(), id()];
      draft.exceptions.push({ worker, message, traceback, count: section.varint() });
    });
  } else if (type === SECTION.errors2) {
    each(() => {
      draft.errors.push({ id: id(), text: text(section.text()), count: section.varint() });
      // The first and the last time, which the sample's second replaces.
      section.varint();
      section.varint();
    });
  } else if (type === SECTION.exceptions2) {
    each(() => {
      const worker = section.text();
      const [message, traceback] = [text(section.text()), text(section.text())];
      draft.exceptions.push({ worker, message, traceback, count: section.varint() });
    });
  } else if (type === SECTION.snapshot) draft.snapshot = snapshotOf(payload);
};

/** Decodes a sample's sections. Unknown sections are skipped, parts stay encoded. Throws AppError validation. */
export const decodeSample = (body: Uint8Array): Sample => {
  const reader = new ByteReader(body);
  const draft: Draft = {
    second: -1,
    parts: [],
    names: [],
    texts: [],
    errors: [],
    exceptions: [],
  };
  while (!reader.done) readSection(draft, reader.byte(), reader.take(reader.varint()));
  if (draft.second < 0) throw malformed("a sample has no second");
  return draft;
};

const snapshotOf = (payload: Uint8Array): SnapshotNote => {
  try {
    return SnapshotNote.parse(JSON.parse(Buffer.from(payload).toString("utf8")));
  } catch {
    throw malformed("a snapshot in it cannot be read");
  }
};

/** The deltas of all parts of a sample; histograms stay encoded. Throws AppError validation. */
export const endpointsOf = (sample: Pick<Sample, "parts" | "deltas">): readonly EndpointDelta[] => {
  if (sample.deltas !== undefined) return sample.deltas;
  const deltas: EndpointDelta[] = [];
  for (const part of sample.parts) eachEndpoint(part, (delta) => deltas.push(delta));
  return deltas;
};

const eachEndpoint = (part: Uint8Array, visit: (delta: EndpointDelta) => void): void => {
  const reader = new ByteReader(part);
  for (let left = reader.varint(); left > 0; left -= 1) {
    visit({
      id: idAt(part, reader.skip(8)),
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
