import { ByteReader, malformed } from "./bytes.ts";
import { hex } from "./endpoint-id.ts";

/** Record types. The plugin sends all but `snapshot`, which the server writes for a cumulative snapshot. */
export const RECORD = { open: 1, sample: 2, event: 3, dropped: 4, final: 5, snapshot: 8 } as const;

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

const MAGIC = [0x4c, 0x4d, 0x42, 0x02];

/** Decodes a batch (`locust-plugin/PROTOCOL.md`); the records' bodies stay encoded. Throws AppError validation. */
export const decodeBatch = (bytes: Uint8Array): Batch => {
  const reader = new ByteReader(bytes);
  if (MAGIC.some((byte) => reader.byte() !== byte)) {
    throw malformed("it does not begin with the header of version 2");
  }
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
