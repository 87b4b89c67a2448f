export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** How many ids are remembered at once: those of some hundred runs. */
const MOST_KNOWN = 100_000;
const known = new Map<number, Map<number, string>>();
let count = 0;

/** The 16 hex digits of an endpoint's 8 bytes. The same few come every second, so that they are queried up. */
export const endpointIdOf = (bytes: Uint8Array, at: number): string => {
  const word = (from: number): number =>
    ((bytes[from] ?? 0) << 24) |
    ((bytes[from + 1] ?? 0) << 16) |
    ((bytes[from + 2] ?? 0) << 8) |
    (bytes[from + 3] ?? 0);
  const [high, low] = [word(at), word(at + 4)];
  const found = known.get(high)?.get(low);
  if (found !== undefined) return found;
  if (count >= MOST_KNOWN) {
    known.clear();
    count = 0;
  }
  const made = hex(bytes.subarray(at, at + 8));
  const lows = known.get(high) ?? new Map<number, string>();
  known.set(high, lows.set(low, made));
  count += 1;
  return made;
};
