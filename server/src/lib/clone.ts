/** A deep copy of plain data: many times as quick as `structuredClone`, which a simulation of a million histories feels. */
export const clone = <T>(value: T): T => {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(clone) as T;
  if (value instanceof Uint8Array) return Uint8Array.from(value) as T;
  const copy: Record<string, unknown> = {};
  for (const [field, part] of Object.entries(value)) copy[field] = clone(part);
  return copy as T;
};
