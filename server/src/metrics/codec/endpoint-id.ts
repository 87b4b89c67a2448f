export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** Enough for the endpoints of some hundred runs. */
const MAX_CACHED = 100_000;
/** By the first and the last four bytes. */
const cache = new Map<number, Map<number, string>>();
let cachedCount = 0;

/** The 8 bytes of an endpoint's or text's id at an offset, as 16 hex digits. Cached: the same few ids come every second. */
export const idAt = (bytes: Uint8Array, offset: number): string => {
  const word = (from: number): number =>
    ((bytes[from] ?? 0) << 24) |
    ((bytes[from + 1] ?? 0) << 16) |
    ((bytes[from + 2] ?? 0) << 8) |
    (bytes[from + 3] ?? 0);
  const [high, low] = [word(offset), word(offset + 4)];
  const cached = cache.get(high)?.get(low);
  if (cached !== undefined) return cached;
  if (cachedCount >= MAX_CACHED) {
    cache.clear();
    cachedCount = 0;
  }
  const id = hex(bytes.subarray(offset, offset + 8));
  const byLow = cache.get(high) ?? new Map<number, string>();
  cache.set(high, byLow.set(low, id));
  cachedCount += 1;
  return id;
};

export type EndpointName = { readonly method: string; readonly name: string };

/** The name of an endpoint; its id in brackets while the name has not arrived. */
export const endpointNameOf = (
  names: ReadonlyMap<string, EndpointName>,
  id: string,
): EndpointName => names.get(id) ?? { method: "", name: `(${id})` };
