import type { Operation } from "./http-client.ts";
import type { Times } from "./times.ts";

/** An operation as plain data: of a JSON answer it says where its times are. */
export type PlainOperation = Omit<Operation, "answers"> & {
  readonly answers: Readonly<
    Record<number, "text" | "bytes" | "stream" | "none" | { readonly times?: Times }>
  >;
};
