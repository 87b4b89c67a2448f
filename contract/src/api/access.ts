import { z } from "zod";
import { ActorRef } from "../model/actor.ts";
import { Scope, ScopeFilter } from "../model/primitives.ts";

/** Each role may do what the roles before it may do. */
export const Role = z.enum(["viewer", "runner", "editor", "admin", "administrator"]);
export type Role = z.output<typeof Role>;

/** What an operation needs, by the lowest role that has it. */
const PERMISSIONS_BY_ROLE = {
  viewer: ["read", "scripts.check", "criteria.check"],
  runner: ["runs.start", "runs.stop", "runs.changeLoad", "runs.annotate"],
  editor: ["loadTests.write", "scripts.write", "runs.keep", "runs.delete"],
  admin: ["loadTests.delete"],
  administrator: ["configuration.reload", "demo.start", "storage.read"],
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
  grants: z
    .array(
      z.object({
        role: Role.describe("What the caller is in the scope."),
        scope: ScopeFilter.describe("The scope and everything below; empty for everything."),
        permissions: z.array(Permission).describe("What the role may do."),
      }),
    )
    .describe("What the caller may do, and where."),
  signIn: z
    .boolean()
    .describe("Whether callers sign in with a token; false where the server has no tokens."),
  demo: z
    .boolean()
    .describe("Whether the caller may start the demo: the server offers it, without tokens only."),
});

export const CreateSession = z.strictObject({
  token: z
    .string({ error: "must be an API token" })
    .min(1)
    .max(1000)
    .describe("The API token of whoever signs in."),
});

const { accountId, orgId, projectId } = Scope.shape;

/** The accounts, orgs, projects and envs that the caller may see. */
export const ScopeTree = z.object({
  accounts: z
    .array(
      z.object({
        accountId,
        orgs: z
          .array(
            z.object({
              orgId,
              projects: z
                .array(
                  z.object({
                    projectId,
                    envs: z.array(z.string()).describe("The environments of the project."),
                  }),
                )
                .describe("The projects of the organisation."),
            }),
          )
          .describe("The organisations of the account."),
      }),
    )
    .describe("The accounts that load tests and clusters name."),
});
export type ScopeTree = z.output<typeof ScopeTree>;

export const HealthAnswer = z.object({
  status: z
    .enum(["ok", "degraded"])
    .describe("degraded while the store fails or a cluster is unreachable."),
  version: z.string().describe("The version of Load Manager."),
  server: z
    .object({
      id: z.string().describe("The id of this server process."),
      hostId: z.string().describe("The id of the machine."),
      active: z.boolean().describe("False while this server may not act on runs."),
    })
    .describe("The server that answered."),
  store: z
    .object({
      kind: z.string().describe("The kind of store, such as sqlite."),
      ok: z.boolean().describe("Whether the store answers."),
      message: z
        .string()
        .optional()
        .describe("Why the store does not answer; absent while it does."),
    })
    .describe("Where everything is stored."),
  clusters: z
    .object({
      total: z.int().describe("The number of clusters."),
      unreachable: z.int().describe("The number of clusters that do not answer."),
    })
    .describe("The clusters of this server."),
});
export const ReadyAnswer = z.object({
  ready: z.boolean().describe("Whether the server takes requests and manages runs."),
  reasons: z.array(z.string()).describe("Why the server is not ready; empty while it is."),
});
