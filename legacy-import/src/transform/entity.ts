import { LoadTest } from "@load-manager/contract/model/load-test.ts";
import { asSecret } from "@load-manager/contract/model/script-options.ts";
import { z } from "zod";
import { nameKey } from "@load-manager/server/lib/text.ts";
import type { Fields } from "../read/fields.ts";
import type { Repair } from "./known-faults.ts";
import { type Json, type JsonObject, idOf, isPlain, toJson } from "../read/json.ts";
import type { Mapping } from "./mapping.ts";
import { timeOfId } from "../read/times.ts";

export type Older = Readonly<Record<string, unknown>>;

/** An older document in today's form, or the reasons why it is left where it is. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T; readonly repaired: readonly Repair[] }
  | { readonly ok: false; readonly reasons: readonly string[] };

export type Context = { readonly mapping: Mapping; readonly keepActive: boolean };

export const left = (...reasons: readonly string[]): { ok: false; reasons: readonly string[] } => ({
  ok: false,
  reasons,
});

export const converted = <T>(value: T, fields: Fields): Outcome<T> => ({
  ok: true,
  value,
  repaired: repairsOf(fields),
});

export const mapOutcome = <T, U>(outcome: Outcome<T>, convert: (value: T) => U): Outcome<U> =>
  outcome.ok ? { ...outcome, value: convert(outcome.value) } : outcome;

const repairsOf = ({ repaired }: Fields): Repair[] => [...repaired].toSorted() as Repair[];

/** The entity without the fields that are `undefined`. */
export const compact = <T extends object>(
  entity: T,
): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(entity).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };

/** The entity's own id, else the document's `_id`. */
export const takeId = (document: Older, fields: Fields): string | undefined => {
  const given = fields.take("id");
  const { _id } = document;
  fields.take("_id");
  if (given !== undefined && given !== "") {
    const id = idOf(given);
    if (id !== undefined && typeof given !== "string") fields.repaired.add("id_changed");
    if (id !== undefined) {
      if (idOf(_id) !== id) fields.keep("_id", _id);
      return id;
    }
    fields.keep("id", given);
  }
  fields.repaired.add("id_of_document");
  const id = idOf(_id);
  if (id === undefined) fields.keep("_id", _id);
  return id;
};

/** The times of creation and last change: as written, else the nearest known time. */
export const takeTimes = (
  document: Older,
  fields: Fields,
  others: readonly (number | undefined)[] = [],
): { readonly createdAt: number; readonly updatedAt: number } | undefined => {
  const [created, updated] = [fields.time("createdAt"), fields.time("updatedAt")];
  const ofId = timeOfId(document["_id"]);
  const known = [...others, updated].filter((ms) => ms !== undefined);
  const least = known.length === 0 ? undefined : Math.min(...known);
  const createdAt = created ?? ofId ?? least;
  if (createdAt === undefined) return undefined;
  if (created === undefined && ofId !== undefined) fields.repaired.add("time_of_id");
  return { createdAt, updatedAt: updated ?? Math.max(createdAt, ...known) };
};

/** A field in the stored form of today's schema; any other value goes to the leftovers. */
export const parsed = <S extends z.ZodType>(
  fields: Fields,
  schema: S,
  name: string,
): z.output<S> | undefined => {
  const value = fields.take(name);
  if (value === undefined) return undefined;
  const json = toJson(value) as z.output<S>;
  if (z.safeEncode(schema, json).success) return json;
  fields.keep(name, value);
  return undefined;
};

/** A map whose keys users chose: an object, or the JSON text that today's stores write. */
const takeMap = (fields: Fields, name: string): Record<string, Json> | undefined => {
  const value = fields.take(name);
  if (isPlain(value)) return toJson(value) as Record<string, Json>;
  if (typeof value === "string" && value.startsWith("{")) {
    try {
      const json: unknown = JSON.parse(value);
      if (isPlain(json)) return json as Record<string, Json>;
    } catch {
      // It is not JSON but a text that begins with a brace.
    }
  }
  if (value !== undefined) fields.keep(name, value);
  return undefined;
};

const LONGEST_KEY = 200;

const freeIn = (map: JsonObject, name: string): string =>
  Object.hasOwn(map, name) ? freeIn(map, `${name}_`) : name;

/**
 * Users' metadata stay as they are. Added are `legacy`, the fields without a place in today's schema, and `migration`, the
 * repairs. Call it last, after every known field has been taken.
 */
export const takeMetadata = (fields: Fields): Record<string, Json> | undefined => {
  const given = takeMap(fields, "metadata");
  const entries = Object.entries(given ?? {});
  const long = entries.filter(([key]) => key.length > LONGEST_KEY);
  if (long.length > 0) fields.keep("metadata", Object.fromEntries(long));
  const own: [string, Json][] = entries.filter(([key]) => key.length <= LONGEST_KEY);
  const users = Object.fromEntries(own);
  const rest = fields.rest();
  const repaired = repairsOf(fields);
  if (Object.keys(rest).length > 0) own.push([freeIn(users, "legacy"), rest]);
  if (repaired.length > 0) own.push([freeIn(users, "migration"), { repaired }]);
  return given === undefined && own.length === 0 ? undefined : Object.fromEntries(own);
};

/** An entity with its metadata; left where today's schema refuses it. Call it last, like `takeMetadata`. */
export const withMetadata = <T extends object>(
  fields: Fields,
  schema: z.ZodType<T>,
  entity: T,
): Outcome<T> => {
  const metadata = takeMetadata(fields);
  const whole = metadata === undefined ? entity : { ...entity, metadata };
  const checked = z.safeEncode(schema, whole);
  return checked.success ? converted(whole, fields) : left(...problemsOf(checked.error));
};

/** Takes the search key of a name, which is computed again. */
export const takeNameKey = (fields: Fields, name: string): void => {
  const given = fields.take("nameKey");
  if (given !== undefined && given !== nameKey(name)) fields.keep("nameKey", given);
};

const takeTags = (fields: Fields): string[] => {
  const value = fields.take("tags");
  if (value === undefined) return [];
  const all: unknown[] = Array.isArray(value) ? value : [value];
  const usable = (tag: unknown): tag is string =>
    typeof tag === "string" && tag.trim() !== "" && tag.length <= 64;
  const good = [...new Set(all.filter(usable))].slice(0, 50);
  const rest = all.filter((tag) => !good.includes(tag as string));
  if (rest.length > 0) fields.keep("tags", rest);
  if (good.length < all.length) fields.repaired.add("tags");
  return good;
};

/** A number of at least `least`; else the default, which counts as a repair where there is a number. */
export const atLeast = (
  fields: Fields,
  least: number,
  otherwise: number,
  ...names: readonly string[]
): number => {
  const [name = ""] = names;
  const value = fields.number(...names);
  if (value === undefined) return otherwise;
  if (value >= least) return value;
  fields.keep(name, value);
  fields.repair("default_value", name);
  return otherwise;
};

export const problemsOf = ({ issues }: z.ZodError): string[] =>
  issues.map(({ path, message }) => `${path.join(".")}: ${message}`);

/** A count or a duration that must be above 0; older programs wrote 0 for unknown. */
export const positiveWhole = (fields: Fields, ...names: readonly string[]): number | undefined => {
  const value = fields.number(...names);
  if (value === undefined || value === 0) return undefined;
  const whole = Math.round(value);
  if (whole > 0 && Number.isSafeInteger(whole)) return whole;
  fields.keep(names[0] ?? "", value);
  return undefined;
};

/** A number that must be above 0; older programs wrote 0 for unknown. */
export const positiveNumber = (fields: Fields, name: string): number | undefined => {
  const value = fields.number(name);
  if (value === undefined || value === 0) return undefined;
  if (value > 0) return value;
  fields.keep(name, value);
  return undefined;
};

const { shape } = LoadTest;

/** An older database does not say which of them are secret. */
const hiddenOptions = (values: JsonObject | undefined): JsonObject | undefined =>
  values &&
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, asSecret(value)]));

/** The fields that load tests and runs have in common. */
export const takeCommon = (fields: Fields) => {
  const written = fields.text("createdBy");
  const isBlank = written?.trim() === "";
  if (isBlank) fields.repair("default_value", "createdBy");
  const createdBy = written === undefined || isBlank ? "unknown" : written;
  const stopTimeout = fields.whole("stopTimeoutSeconds");
  return {
    scenarioId: fields.id("scenarioId"),
    tags: takeTags(fields),
    loadProfile: parsed(fields, shape.loadProfile, "loadProfile") ?? { kind: "constant" as const },
    scriptOptions: hiddenOptions(takeMap(fields, "scriptOptions")),
    stopTimeoutSeconds: stopTimeout !== undefined && stopTimeout >= 0 ? stopTimeout : 10,
    createdBy,
    updatedBy: fields.filled("updatedBy") ?? createdBy,
    version: Math.max(1, fields.whole("version") ?? 1),
  };
};
