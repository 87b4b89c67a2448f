import type { BlobStore } from "../model/blob-store.ts";
import type { Collection, CollectionOf } from "../model/collection.ts";
import type { KindDump } from "../dump.ts";
import type { LiveStore } from "../model/live-store.ts";
import type { AnyDescription, Description } from "../model/description.ts";
import { MODELS } from "../model/models.ts";
import type { DescribedPorts } from "../ports.ts";

/** A described collection in one adapter. */
export type Described<T> = { readonly collection: Collection<T>; readonly dump: KindDump<T> };

/** A description that only a test knows, and the statements that make its table in SQLite. */
export type ExtraModel = { readonly description: AnyDescription; readonly sqlite: string };

export const descriptionsOf = (extra: readonly ExtraModel[] = []): AnyDescription[] => [
  ...Object.values(MODELS).map(({ description }): AnyDescription => description),
  ...extra.map(({ description }) => description),
];

/** Makes each described collection once, and the ports of all models from them. */
export const assemble = (
  descriptions: readonly AnyDescription[],
  make: <T extends object>(description: Description<T>) => Described<T>,
  parts: { readonly blobs: BlobStore; readonly live: LiveStore },
): {
  readonly collection: CollectionOf;
  readonly ports: DescribedPorts;
  readonly dumps: readonly (readonly [name: string, dump: KindDump<never>])[];
} => {
  const made = new Map(descriptions.map((description) => [description.name, make(description)]));
  const collection = ({ name }: { readonly name: string }): unknown => {
    const found = made.get(name)?.collection;
    if (found === undefined) throw new Error(`the store was opened without ${name}`);
    return found;
  };
  const ports = Object.entries(MODELS).map(([name, { description, port }]) => {
    // Each port is made from the collection of the description that stands beside it in the list.
    const portOf = port as (of: unknown, beside: typeof parts) => unknown;
    return [name, portOf(collection(description), parts)];
  });
  return {
    // A collection holds the entities of its description, whatever their type is called here.
    collection: collection as CollectionOf,
    ports: Object.fromEntries(ports) as DescribedPorts,
    dumps: [...made].map(([name, { dump }]) => [name, dump] as const),
  };
};
