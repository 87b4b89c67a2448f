import { PLUGIN_PROTOCOL } from "@load-manager/contract/plugin/protocol.ts";
import { AppError } from "../../lib/errors.ts";
import { ByteReader, malformed } from "./bytes.ts";
import { hex } from "./endpoint-id.ts";

/**
 * Record types. The plugin sends the first five. The server writes `snapshot` for a cumulative snapshot, and `untimed` for
 * what it counted at no known time: a sample of the second 0, which counts in the whole run and in no window of it.
 */
export const RECORD = {
  open: 1,
  sample: 2,
  event: 3,
  dropped: 4,
  final: 5,
  snapshot: 8,
  untimed: 9,
} as const;

export type BatchRecord = {
  readonly seq: number;
  readonly type: number;
  readonly body: Uint8Array;
};

export type Batch = {
  readonly runId: string;
  /** 32 hex digits. */
  readonly masterInstanceId: string;
  readonly records: readonly BatchRecord[];
};

/** "LMB"; the version follows. */
const MAGIC = [0x4c, 0x4d, 0x42];

/** Unavailable and not malformed, since the plugin throws away what is malformed, and a server of its version can read this. */
const otherProtocol = (pluginProtocol: number): AppError =>
  new AppError(
    "unavailable",
    `The batch has protocol ${pluginProtocol}, and this server reads protocol ${PLUGIN_PROTOCOL}. The plugin keeps its metrics and sends them again. Install the plugin of this server's version at Locust, or the server of the plugin's version.`,
    { extra: { pluginProtocol, serverProtocol: PLUGIN_PROTOCOL } },
  );

/**
 * Decodes a batch (`locust-plugin/PROTOCOL.md`); the records' bodies stay encoded. Throws AppError: validation where it is
 * malformed, unavailable where it has another protocol.
 */
export const decodeBatch = (bytes: Uint8Array): Batch => {
  const reader = new ByteReader(bytes);
  if (MAGIC.some((byte) => reader.byte() !== byte)) {
    throw malformed('it does not begin with "LMB"');
  }
  const protocol = reader.byte();
  if (protocol !== PLUGIN_PROTOCOL) throw otherProtocol(protocol);
  const runId = reader.text();
  const masterInstanceId = hex(reader.take(16));
  const count = reader.varint();
  const records: BatchRecord[] = [];
  for (let index = 0; index < count; index += 1) {
    const seq = reader.varint();
    const type = reader.byte();
    const body = reader.take(reader.varint());
    if (seq === 0) throw malformed("a record has the number 0");
    records.push({ seq, type, body: body.slice() });
  }
  if (!reader.done) throw malformed("bytes follow its last record");
  return { runId, masterInstanceId, records };
};

/** Magic, version, an empty run id, a master instance and no record. */
const GREETING_BYTES = 4 + 1 + 16 + 1;

/**
 * Whether the plugin only asks if it reaches a server that takes its batches: without a run and without records. Throws
 * AppError unavailable where it has another protocol.
 */
export const isGreeting = (bytes: Uint8Array): boolean =>
  bytes.byteLength === GREETING_BYTES && decodeBatch(bytes).runId === "";
