import {
  type Json,
  type JsonObject,
  idOf,
  isPlain,
  numberOf,
  sameJson,
  toJson,
  wholeOf,
} from "./json.ts";
import { readTime } from "./times.ts";

const isEmpty = (value: unknown): boolean => value === undefined || value === null;

/**
 * An older document, read field by field. A field is found under its name, in lower case (as an untagged Go struct
 * writes it) or in any other case, in this order; the first that is not null wins. `rest()` returns the leftovers:
 * fields that were not taken and values that could not be used. So nothing is lost.
 */
export class Fields {
  private readonly document: Readonly<Record<string, unknown>>;
  private readonly byLower = new Map<string, string[]>();
  private readonly open: Set<string>;
  private readonly kept = new Map<string, Json>();
  /** The repairs, such as `impossible_values: totalRequests`; see `known-faults.ts`. */
  readonly repaired: Set<string>;

  constructor(document: Readonly<Record<string, unknown>>, repaired = new Set<string>()) {
    this.document = document;
    this.repaired = repaired;
    const keys = Object.keys(document);
    this.open = new Set(keys);
    for (const key of keys) {
      const lower = key.toLowerCase();
      const known = this.byLower.get(lower);
      if (known === undefined) this.byLower.set(lower, [key]);
      else known.push(key);
    }
  }

  /** Adds a repair of a field. */
  repair(name: string, field: string): void {
    this.repaired.add(`${name}: ${field}`);
  }

  private keysOf(name: string): string[] {
    const lower = name.toLowerCase();
    const rank = (key: string): number => (key === name ? 0 : key === lower ? 1 : 2);
    const found = this.byLower.get(lower) ?? [];
    return found.length < 2 ? found : found.toSorted((a, b) => rank(a) - rank(b));
  }

  /** The raw value; `undefined` for null too. Another spelling with a different value stays among the leftovers. */
  take(...names: readonly string[]): unknown {
    const keys = names.flatMap((name) => this.keysOf(name)).filter((key) => this.open.has(key));
    const chosen = keys.find((key) => !isEmpty(this.document[key]));
    const value = chosen === undefined ? undefined : this.document[chosen];
    for (const key of keys) {
      const other = this.document[key];
      if (isEmpty(other) || key === chosen || sameJson(other, value)) this.open.delete(key);
    }
    return value;
  }

  /** Adds a taken value that cannot be used to the leftovers. */
  keep(name: string, value: unknown): void {
    let free = name;
    while (this.kept.has(free) || this.open.has(free)) free += "_";
    this.kept.set(free, toJson(value));
  }

  private read<T>(
    names: readonly string[],
    usable: (value: unknown) => T | undefined,
  ): T | undefined {
    const value = this.take(...names);
    if (value === undefined) return undefined;
    const found = usable(value);
    if (found === undefined) this.keep(names[0] ?? "", value);
    return found;
  }

  /** Text, which may be empty. */
  text(...names: readonly string[]): string | undefined {
    return this.read(names, (value) => (typeof value === "string" ? value : undefined));
  }

  /** Text; `undefined` where it is blank. */
  filled(...names: readonly string[]): string | undefined {
    const text = this.text(...names);
    return text === undefined || text.trim() === "" ? undefined : text;
  }

  /** An id of at most 128 characters; `undefined` where it is blank. */
  id(...names: readonly string[]): string | undefined {
    return (
      this.read(names, (value) =>
        typeof value === "string" && value.trim() === "" ? "" : idOf(value),
      ) || undefined
    );
  }

  whole(...names: readonly string[]): number | undefined {
    return this.read(names, wholeOf);
  }

  number(...names: readonly string[]): number | undefined {
    return this.read(names, numberOf);
  }

  boolean(...names: readonly string[]): boolean | undefined {
    return this.read(names, (value) => (typeof value === "boolean" ? value : undefined));
  }

  /** Unix ms; any other value goes to the leftovers. */
  time(...names: readonly string[]): number | undefined {
    const value = this.take(...names);
    const read = readTime(value);
    if (read.kind === "time") return read.ms;
    if (read.kind === "wrong") {
      this.keep(names[0] ?? "", value);
      this.repair("implausible_time", names[0] ?? "");
    }
    return undefined;
  }

  /** A map whose keys are field names of the program, not of users. */
  part(...names: readonly string[]): Fields | undefined {
    const value = this.read(names, (given) => (isPlain(given) ? given : undefined));
    return value === undefined ? undefined : new Fields(value, this.repaired);
  }

  /** Adds the leftovers of a part, under a name. */
  restOf(name: string, part: Fields | undefined): void {
    const rest = part?.rest() ?? {};
    if (Object.keys(rest).length > 0) this.keep(name, rest);
  }

  rest(): JsonObject {
    const own = [...this.open].map((key): [string, Json] => [key, toJson(this.document[key])]);
    return Object.fromEntries([...own, ...this.kept]);
  }
}
