import type { ScopeFilter } from "@load-manager/contract/model/primitives.ts";

/** A caller sees its scope and everything below; an empty scope is everything. */
export type Caller = {
  readonly name: string;
  readonly administrator: boolean;
  readonly scope: ScopeFilter;
};
