import type { ScopeFilter } from "@load-manager/contract/primitives.ts";

/** Who is calling. An empty scope sees everything; else whatever lies at or below it. */
export type Caller = {
  readonly name: string;
  readonly administrator: boolean;
  readonly scope: ScopeFilter;
};
