import { covers, type Scope, type ScopeFilter } from "@load-manager/contract/primitives.ts";
import { notFound } from "../lib/errors.ts";
import type { Caller } from "./caller.ts";

export const canSee = (caller: Caller, scope: Scope): boolean => covers(caller.scope, scope);

/** The filter that a store adds to every list of this caller. */
export const visibleOf = (caller: Caller): ScopeFilter => caller.scope;

/** Throws the same AppError not-found as for an unknown id where the object is somebody else's. */
export const assertVisible = (caller: Caller, scope: Scope, what: string, id: string): void => {
  if (!canSee(caller, scope)) throw notFound(what, id);
};
