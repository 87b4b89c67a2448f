import { isDeepStrictEqual } from "node:util";
import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import { HIDDEN } from "@load-manager/contract/model/hidden-values.ts";
import { withIds } from "@load-manager/server/lib/criteria.ts";
import type { Settings } from "./tests-file.ts";

/** A setting before and after; `undefined` where it is not set. Secret values are `***`. */
export type Change = { readonly field: string; readonly before: unknown; readonly after: unknown };

type Fields = Readonly<Record<string, unknown>>;

const isMap = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The parts of a value that change one by one. A criterion is known by its id. */
const partsOf = (field: string, value: unknown): Fields | undefined => {
  if (value === undefined) return {};
  if (field !== "criteria") return isMap(value) ? value : undefined;
  return Object.fromEntries((value as { id: string }[]).map(({ id, ...one }) => [id, one]));
};

const changesIn = (field: string, before: unknown, after: unknown): Change[] => {
  if (isDeepStrictEqual(before, after)) return [];
  const whole = [{ field, before, after }];
  const [old, now] = [partsOf(field, before), partsOf(field, after)];
  if (old === undefined || now === undefined) return whole;
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  const changed = names.filter((name) => !isDeepStrictEqual(old[name], now[name]));
  // The same criteria in another order, and an empty list in the place of none.
  if (changed.length === 0) return whole;
  return changed.map((name) => ({
    field: `${field}.${name}`,
    before: old[name],
    after: now[name],
  }));
};

/** `***` for each value that an answer would hide, or of which that is not known. */
const hidden = (field: string, wanted: Fields, stored: Fields): Fields =>
  Object.fromEntries(
    Object.entries(wanted).map(([name, value]) => {
      const isShown =
        field !== "environment" && Object.hasOwn(stored, name) && stored[name] !== HIDDEN;
      return [name, isShown ? value : HIDDEN];
    }),
  );

/** A field as an answer would show it once it is set. */
const shown = (field: string, value: unknown, stored: unknown): unknown => {
  if (value === null) return undefined;
  if (field === "criteria") return withIds(value as NonNullable<Settings["criteria"]>);
  const isHiding = field === "environment" || field === "scriptOptions";
  return isHiding ? hidden(field, value as Fields, isMap(stored) ? stored : {}) : value;
};

/** What the server does not show of a stored value, so that it alone can compare it with a wanted one. */
const notComparedIn = (field: string, value: unknown, stored: unknown): string[] => {
  const isHiding = field === "environment" || field === "scriptOptions";
  if (!isHiding || !isMap(value) || !isMap(stored)) return [];
  return Object.keys(value)
    .filter((name) => stored[name] === HIDDEN && value[name] !== HIDDEN)
    .map((name) => `${field}.${name}`);
};

export type Comparison = {
  readonly changes: readonly Change[];
  /** `environment.TOKEN`: hidden values that are sent, as the server alone knows whether they change. */
  readonly notCompared: readonly string[];
  /** What must be sent: the fields with changes and with values that are not compared. */
  readonly patch: Settings;
};

/** Compares the fields that the file names with a load test; without one they are all new. */
export const compared = (known: LoadTestAnswer | undefined, settings: Settings): Comparison => {
  const fields = Object.entries(settings).map(([field, value]) => {
    const stored: unknown = known?.[field as keyof Settings & keyof LoadTestAnswer];
    return {
      field,
      value,
      changes: changesIn(field, stored, shown(field, value, stored)),
      notCompared: notComparedIn(field, value, stored),
    };
  });
  const sent = fields.filter((one) => one.changes.length + one.notCompared.length > 0);
  return {
    changes: fields.flatMap(({ changes }) => changes),
    notCompared: fields.flatMap(({ notCompared }) => notCompared),
    patch: Object.fromEntries(sent.map(({ field, value }) => [field, value])),
  };
};
