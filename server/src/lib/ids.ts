import { v5, v7 } from "uuid";

/** The only source of ids. */
export type Ids = {
  /** Unique, and sorted by time of creation. */
  readonly next: () => string;
  /** The same id for the same name, so that a repeated request creates one object. */
  readonly of: (name: string) => string;
};

/** The RFC 9562 namespace for ids from names. */
const NAMESPACE = "6f1f4f6e-0d0e-4a53-9d0c-5a3b1c9b7b1e";

export const uuidV7: Ids = { next: () => v7(), of: (name) => v5(name, NAMESPACE) };
