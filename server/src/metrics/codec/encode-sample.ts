import { ByteWriter } from "./bytes.ts";
import { type EndpointDelta, type Sample, SECTION, type SnapshotNote } from "./sample.ts";

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

const counted = (
  items: readonly unknown[],
  write: (writer: ByteWriter) => void,
): Uint8Array | undefined => {
  if (items.length === 0) return undefined;
  const writer = new ByteWriter().varint(items.length);
  write(writer);
  return writer.finish();
};

/** Encodes a sample that the server records itself. */
export const encodeSample = (sample: {
  readonly second: number;
  readonly users?: { readonly target: number; readonly real: number };
  readonly worker: string;
  readonly endpoints: readonly EndpointDelta[];
  readonly names: Sample["names"];
  readonly errors?: Sample["errors"];
  readonly texts?: Sample["texts"];
  readonly snapshot?: SnapshotNote;
}): Uint8Array => {
  const writer = new ByteWriter();
  const section = (type: number, payload: Uint8Array | undefined): void => {
    if (payload !== undefined) writer.byte(type).block(payload);
  };
  const { users, names, errors = [], texts = [], snapshot } = sample;
  const bytesOf = (id: string): Uint8Array => Buffer.from(id, "hex");
  section(SECTION.second, new ByteWriter().varint(sample.second).finish());
  if (users !== undefined) {
    const encoded = new ByteWriter().varint(users.target).varint(users.real).varint(0);
    section(SECTION.users, encoded.finish());
  }
  section(
    SECTION.names,
    counted(names, (to) => {
      for (const { id, method, name } of names) to.raw(bytesOf(id)).text(method).text(name);
    }),
  );
  section(
    SECTION.texts,
    counted(texts, (to) => {
      for (const { id, text } of texts) to.raw(bytesOf(id)).text(text);
    }),
  );
  section(SECTION.part, encodePart(sample.worker, sample.endpoints));
  section(
    SECTION.failures,
    counted(errors, (to) => {
      for (const { id, text, count } of errors)
        to.raw(bytesOf(id)).raw(bytesOf(text)).varint(count);
    }),
  );
  if (snapshot !== undefined) section(SECTION.snapshot, Buffer.from(JSON.stringify(snapshot)));
  return writer.finish();
};
