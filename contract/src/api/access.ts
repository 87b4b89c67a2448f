import { z } from "zod";
import { ScopeFilter } from "../model/primitives.ts";

export const Me = z.object({
  name: z.string(),
  administrator: z.boolean(),
  scope: ScopeFilter,
  permissions: z.array(z.enum(["read", "write"])),
});

/** The accounts, orgs, projects and envs that the caller may see. */
export const ScopeTree = z.object({
  accounts: z.array(
    z.object({
      accountId: z.string(),
      orgs: z.array(
        z.object({
          orgId: z.string(),
          projects: z.array(z.object({ projectId: z.string(), envs: z.array(z.string()) })),
        }),
      ),
    }),
  ),
});
export type ScopeTree = z.output<typeof ScopeTree>;

export const HealthAnswer = z.object({
  status: z.enum(["ok", "degraded"]),
  version: z.string(),
  /** `active` is false while this server may not act on runs. */
  server: z.object({ id: z.string(), hostId: z.string(), active: z.boolean() }),
  store: z.object({ kind: z.string(), ok: z.boolean(), message: z.string().optional() }),
  clusters: z.object({ total: z.int(), unreachable: z.int() }),
});
export const ReadyAnswer = z.object({ ready: z.boolean(), reasons: z.array(z.string()) });
