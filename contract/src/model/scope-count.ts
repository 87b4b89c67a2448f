import { z } from "zod";
import { Scope, Time } from "./primitives.ts";

/** How many load tests a scope has, and which of it were deleted a moment ago. */
export const ScopeCount = Scope.extend({
  /** The levels, with slashes between them. */
  id: z.string(),
  loadTests: z.int(),
  deletedLoadTests: z.array(z.object({ id: z.string(), version: z.int(), at: Time })),
  updatedAt: Time,
  version: z.int(),
});
export type ScopeCount = z.output<typeof ScopeCount>;
