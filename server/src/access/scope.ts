import { covers, type Scope, type ScopeFilter } from "@load-manager/contract/model/primitives.ts";
import { notFound } from "../lib/errors.ts";
import type { Caller } from "./caller.ts";

export const canSee = (caller: Caller, scope: Scope): boolean => covers(caller.scope, scope);

/** The filter for every list of this caller. */
export const visibleOf = (caller: Caller): ScopeFilter => caller.scope;

/** Throws the AppError of an unknown id where the caller may not see the object, so that ids cannot be probed. */
export const assertVisible = (caller: Caller, scope: Scope, what: string, id: string): void => {
  if (!canSee(caller, scope)) throw notFound(what, id);
};
