import type { ScopeFilter } from "@load-manager/contract/model/primitives.ts";
import type { Description } from "./description.ts";

export type Page<T> = { readonly items: T[]; readonly nextCursor?: string };

/**
 * What an actor may see: whatever is in one of the scopes. A scope contains an object where every level that the scope
 * names is equal, so an empty scope contains everything, and an empty list nothing. The filter of a query must hold too.
 */
export type Visible = readonly ScopeFilter[];
export const EVERYTHING: Visible = [{}];

/** Fields to set; `null` removes the field, `undefined` leaves it. */
export type Patch<T> = { readonly [K in keyof T]?: T[K] | null | undefined };

/** All conditions of a query must hold. */
export type Condition = ColumnCondition | AnyCondition;

/** One of the groups holds, with all its conditions; no group: nothing is found. */
type AnyCondition = { readonly any: readonly (readonly Condition[])[] };

/** A condition on a column of a description. */
export type ColumnCondition = { readonly column: string } & (
  | { /** Equal; null: absent. */ readonly is: string | number | boolean | null }
  | { /** One of them. */ readonly in: readonly string[] }
  | { /** From (inclusive), to (exclusive). */ readonly from?: number; readonly to?: number }
  | { /** A word of the text begins so (`hasWordStart`). */ readonly wordStart: string }
  | { /** All of them are in the list. */ readonly all: readonly string[] }
);

export type ListQuery = {
  readonly where: readonly Condition[];
  /** A field that lists are sorted by; `-` before it descends. Ties are broken by the key. */
  readonly sort: string;
  readonly limit: number;
  readonly cursor?: string | undefined;
};

/**
 * What becomes of a write while the disk is full. `adding`: it is refused, as it can wait. `ending`: an end of a run
 * needs it, or it makes room, so it gets the room that is kept.
 */
export type Priority = "adding" | "ending";

/** Values of counters (and of the fence) that a change was made from: it happens only where they still are the stored ones. */
export type Seen = Readonly<Record<string, number>>;

/** The verbs of a described collection, the same in every adapter. Entities are copied in and out. */
export type Collection<T, Group extends string = string, Counter extends string = string> = {
  readonly get: (key: string) => Promise<T | undefined>;
  /** Entities without the value sorted by come last, descending, and first, ascending. The cursor stays right under inserts and deletes. */
  readonly list: (query: ListQuery) => Promise<Page<T>>;
  readonly first: (where: readonly Condition[], sort: string) => Promise<T | undefined>;
  /** All that can be read: one whose storage is damaged does not hide the others. */
  readonly all: (where: readonly Condition[], sort: string) => Promise<T[]>;
  /** Keys, in no order. They are found also where the entity itself cannot be read. */
  readonly keys: (where: readonly Condition[]) => Promise<string[]>;
  readonly count: (where: readonly Condition[]) => Promise<number>;
  /** Rejects with AppError conflict where the key, or the values of a unique index, are taken. */
  readonly insert: (entity: T, priority: Priority) => Promise<void>;
  /**
   * Sets fields of a group and raises the group's counter by one, where `seen` holds; else `undefined`. `seen` names the
   * counter. Rejects with what the description's check throws.
   */
  readonly change: (
    group: Group,
    key: string,
    seen: Seen,
    patch: Patch<T>,
    priority: Priority,
  ) => Promise<T | undefined>;
  /** Raises a counter by one, and sets the fields that belong to it. The new number; `undefined` where the entity is gone. */
  readonly raise: (
    counter: Counter,
    key: string,
    fields: Partial<T>,
    priority: Priority,
  ) => Promise<number | undefined>;
  /** True where it was there, and `seen` held. */
  readonly delete: (key: string, seen: Seen) => Promise<boolean>;
};

/** The collection of a description that the store was opened with. */
export type CollectionOf = <T extends object, Group extends string, Counter extends string>(
  description: Description<T, string, Group, Counter>,
) => Collection<T, Group, Counter>;
