import { v7 } from "uuid";

/** The only source of ids: unique, and sorting by the time they were made. */
export type Ids = { readonly next: () => string };

export const uuidV7: Ids = { next: () => v7() };
