/** The names of an entity's fields. */
type Field<T> = Extract<keyof T, string>;

/** A value that stores filter, search or sort by. SQLite has a column for each; MongoDB has the fields themselves. */
export type Column = {
  /** `texts`: a list of texts. */
  readonly type: "text" | "integer" | "boolean" | "texts";
  /** Entities may lack it. */
  readonly optional?: true;
  /** Lists may be sorted by it. The `sort` of a query names the field, or the field that the column is derived from. */
  readonly sort?: true;
  /** The column is not a field: it is computed from a text field, and stored beside the entity. */
  readonly derived?: { readonly from: string; readonly by: (text: string) => string };
};

/** MongoDB's index has this name; SQLite's has the collection's name before it, as names are unique in a database there. */
type IndexDescription = {
  readonly name: string;
  /** Columns, or the key. */
  readonly columns: readonly string[];
  readonly unique?: true;
};

/**
 * Fields that are changed together, guarded by a counter: a change names the counter's value that it was made from, and
 * raises it. Fields of different groups change without disturbing each other.
 */
export type FieldGroup<T> = {
  readonly counter: Field<T>;
  /** The fields that the group changes. Absent: all but the key, the counters, and what `without` names. */
  readonly fields?: readonly Field<T>[];
  readonly without?: readonly Field<T>[];
};

/**
 * A stored entity: everything that the three adapters, the dump, the conformance suite and the documentation need to know
 * of it. A new entity is its shape in the contract, one file beside this one, its line in `models.ts`, one migration and its
 * rows in `docs/mongodb.md` (`docs/checklists/new-stored-entity.md`).
 */
export type Description<
  T extends object,
  Name extends string = string,
  Group extends string = string,
  Counter extends string = string,
> = {
  /** The collection in MongoDB, the table in SQLite, the kind in a dump. */
  readonly name: Name;
  /** One of them, in messages: "load test". */
  readonly label: string;
  /** The field that identifies an entity: a text that never changes. */
  readonly key: Field<T>;
  readonly columns: Readonly<Record<string, Column>>;
  /** Beside the key's own. */
  readonly indexes: readonly IndexDescription[];
  /** Maps whose keys users choose. MongoDB stores each as one JSON text. */
  readonly freeMaps: readonly Field<T>[];
  readonly groups: Readonly<Record<Group, FieldGroup<T>>>;
  /** Counters that only rise and need no guard, each with the fields that are set when it rises. */
  readonly counters: Readonly<Record<Counter, readonly Field<T>[]>>;
  /** A change may also name the value of this field that it was made from; it raises nothing. */
  readonly fence?: Field<T>;
  /** Throws AppError for a change that is not allowed. Pure. */
  readonly check?: (stored: T, next: T) => void;
  /** Collections whose record with the same key is deleted with the entity. */
  readonly dependents?: readonly string[];
};

/** What is common to all descriptions. */
export type AnyDescription = Description<never>;

const refuse = (name: string, why: string): never => {
  throw new Error(`The description of ${name} is wrong: ${why}.`);
};

/** Checks what types cannot. Throws where a description contradicts itself. */
const checked = ({ name, key, columns, indexes }: AnyDescription): void => {
  for (const [column, { type, optional, sort, derived }] of Object.entries(columns)) {
    if (column === key) refuse(name, `${column} is the key, which needs no column`);
    if (derived !== undefined && type !== "text") refuse(name, `${column} is derived, and no text`);
    const sortable = type === "integer" || (type === "text" && optional !== true);
    if (sort === true && !sortable) {
      refuse(
        name,
        `lists are sorted by integers and by texts that are always there, not ${column}`,
      );
    }
  }
  for (const { name: index, columns: on, unique } of indexes) {
    for (const column of on) {
      const known = columns[column];
      if (known === undefined && column !== key)
        refuse(name, `${index} is on no column: ${column}`);
      // Absent values are equal in a unique index of MongoDB, and different in one of SQLite.
      if (unique === true && known?.optional === true) {
        refuse(name, `${index} is unique, and ${column} may be absent`);
      }
    }
  }
};

/** Declares a description: `described<LoadTest>()({ … })`. */
export const described =
  <T extends object>() =>
  <const Name extends string, Group extends string = never, Counter extends string = never>(
    description: Description<T, Name, Group, Counter>,
  ): Description<T, Name, Group, Counter> => {
    checked(description);
    return description;
  };
