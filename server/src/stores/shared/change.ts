import { AppError } from "../../lib/errors.ts";
import type { Condition, Seen } from "../model/collection.ts";
import type { Description, FieldGroup } from "../model/description.ts";
import { fieldOf, valueOf } from "./columns.ts";

/** The counter of a group of fields. Throws for a group that the description does not have. */
export const counterOf = <T extends object>(
  { name, groups }: Description<T>,
  group: string,
): string => {
  const counter = (groups as Readonly<Record<string, FieldGroup<T> | undefined>>)[group]?.counter;
  if (counter === undefined) throw new Error(`${name} has no group of fields ${group}`);
  return counter;
};

type Ownership = {
  /** Throws for a change that names a field of another group, or other counters than the group's (and the fence). */
  readonly ofChange: (group: string, seen: Seen, patch: object) => void;
  readonly ofRaise: (counter: string, fields: object) => void;
};

/** Which fields a group and a counter own: computed once for each description. A violation is a fault of the program. */
export const ownership = <T extends object>(description: Description<T>): Ownership => {
  const { name, key, counters, fence } = description;
  const groups: Readonly<Record<string, FieldGroup<T>>> = description.groups;
  const protectedFields = new Set<string>([
    key,
    ...Object.keys(counters),
    ...Object.values(groups).map(({ counter }) => counter),
  ]);
  const ofGroup = new Map(
    Object.entries(groups).map(([group, { fields, without = [] }]) => {
      const [only, not] = [fields && new Set<string>(fields), new Set<string>(without)];
      const owns = (field: string): boolean =>
        !protectedFields.has(field) && !not.has(field) && (only === undefined || only.has(field));
      return [group, owns] as const;
    }),
  );
  const ofCounter: Readonly<Record<string, readonly string[]>> = counters;
  const refuse = (what: string, field: string): never => {
    throw new Error(`${name}: ${what} does not own ${field}`);
  };
  return {
    ofChange: (group, seen, patch) => {
      const owns = ofGroup.get(group);
      const counter = counterOf(description, group);
      if (seen[counter] === undefined) throw new Error(`${name}: a change needs ${counter}`);
      for (const field of Object.keys(seen)) {
        if (field !== counter && field !== fence) refuse(group, field);
      }
      for (const field of Object.keys(patch)) if (owns?.(field) !== true) refuse(group, field);
    },
    ofRaise: (counter, fields) => {
      for (const field of Object.keys(fields)) {
        if (ofCounter[counter]?.includes(field) !== true) refuse(counter, field);
      }
    },
  };
};

/** Whether counters and fence still have the values that a change was made from. */
const holds = (entity: object, seen: Seen): boolean =>
  Object.entries(seen).every(([field, value]) => fieldOf(entity, field) === value);

/** The entity with the patch's fields: `null` takes the field away, `undefined` leaves it. */
const patched = <T extends object>(entity: T, patch: object): T => {
  const given = Object.entries(patch).filter(([, value]) => value !== undefined);
  const next = { ...entity, ...Object.fromEntries(given) };
  if (given.every(([, value]) => value !== null)) return next;
  return Object.fromEntries(Object.entries(next).filter(([, value]) => value !== null)) as T;
};

const plusOne = (entity: object, counter: string): number => Number(fieldOf(entity, counter)) + 1;

/** The changed entity; `undefined` where `seen` does not hold. Throws what the description's check throws. */
export const changed = <T extends object>(
  description: Description<T>,
  group: string,
  stored: T,
  seen: Seen,
  patch: object,
): T | undefined => {
  const counter = counterOf(description, group);
  if (!holds(stored, seen)) return undefined;
  const next = patched(stored, { ...patch, [counter]: plusOne(stored, counter) });
  description.check?.(stored, next);
  return next;
};

/** The entity with a counter raised, and the new number. */
export const raised = <T extends object>(
  stored: T,
  counter: string,
  fields: object,
): { readonly next: T; readonly number: number } => {
  const number = plusOne(stored, counter);
  return { next: { ...stored, ...fields, [counter]: number }, number };
};

/** Whether `seen` holds for an entity that is there. */
export const isSeen = <T extends object>(stored: T | undefined, seen: Seen): stored is T =>
  stored !== undefined && holds(stored, seen);

type Unique = { readonly where: readonly Condition[]; readonly error: () => AppError };

/** What may be there only once, each with the error for an entity that comes second. */
export const uniques = <T extends object>(
  description: Description<T>,
  entity: T,
): readonly Unique[] => {
  const { key, label, indexes } = description;
  const columns = [
    [key],
    ...indexes.filter(({ unique }) => unique === true).map((one) => one.columns),
  ];
  return columns.map((names) => {
    const values = names.map((column) => {
      const value = valueOf(description, column, entity);
      return { column, is: value as string | number | boolean };
    });
    const text = values
      .map(({ column, is }) => `the ${column} ${JSON.stringify(is)}`)
      .join(" and ");
    return {
      where: values,
      error: () => new AppError("conflict", `There is a ${label} with ${text} already.`),
    };
  });
};
