import { v5, v7 } from "uuid";

/** The only source of ids. */
export type Ids = {
  /** Unique, and sorting by the time it was made. */
  readonly next: () => string;
  /** The same id for the same name, so that telling twice makes one. */
  readonly of: (name: string) => string;
};

/** RFC 9562 namespace of our own, for ids that are made of names. */
const NAMESPACE = "6f1f4f6e-0d0e-4a53-9d0c-5a3b1c9b7b1e";

export const uuidV7: Ids = { next: () => v7(), of: (name) => v5(name, NAMESPACE) };
