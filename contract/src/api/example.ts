import type { z } from "zod";
import type { Route } from "./route.ts";

type Wire<S> = S extends z.ZodType ? z.input<S> : S extends string ? string : null;
type Part<R, K extends "params" | "query" | "body"> =
  R extends Record<K, z.ZodType> ? z.input<R[K]> : never;

/** A request of one operation and its answer, as they are on the wire. */
export type Example<R extends Route> = {
  readonly query?: Part<R, "query">;
  readonly answer: { [S in keyof R["answers"]]: Wire<R["answers"][S]> }[keyof R["answers"]];
} & ("params" extends keyof R ? { readonly params: Part<R, "params"> } : unknown) &
  ("body" extends keyof R ? { readonly body: Part<R, "body"> } : unknown);
