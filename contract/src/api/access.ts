import { z } from "zod";
import { ActorRef } from "../model/actor.ts";
import { ScopeFilter } from "../model/primitives.ts";

/** Each role may do what the roles before it may do. */
export const Role = z.enum(["viewer", "runner", "editor", "admin", "administrator"]);
export type Role = z.output<typeof Role>;

/** What an operation needs, by the lowest role that has it. */
const PERMISSIONS_BY_ROLE = {
  viewer: ["read", "scripts.check"],
  runner: ["runs.start", "runs.stop", "runs.changeLoad", "runs.annotate"],
  editor: ["loadTests.write", "scripts.write", "runs.keep", "runs.delete"],
  admin: ["loadTests.delete"],
  administrator: ["configuration.reload"],
} as const satisfies Record<Role, readonly string[]>;

export const Permission = z.enum(Object.values(PERMISSIONS_BY_ROLE).flat());
export type Permission = z.output<typeof Permission>;

/** All permissions of a role, with those of the roles before it. */
export const permissionsOf = (role: Role): Permission[] =>
  Role.options.slice(0, Role.options.indexOf(role) + 1).flatMap((one) => PERMISSIONS_BY_ROLE[one]);

/** A role in a scope and everything below it; an empty scope is everything. */
export type Grant = { readonly role: Role; readonly scope: ScopeFilter };

export const Me = z.object({
  ...ActorRef.shape,
  grants: z.array(z.object({ role: Role, scope: ScopeFilter, permissions: z.array(Permission) })),
});

export const CreateSession = z.strictObject({
  token: z.string({ error: "must be an API token" }).min(1).max(1000),
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
