import { z } from "zod";
import { Scope, ScopeFilter } from "../model/primitives.ts";

export const Me = z.object({
  name: z.string().describe("The name of the caller's token; local on a server without tokens."),
  administrator: z.boolean().describe("Whether the caller may administer the server."),
  scope: ScopeFilter.describe(
    "What the caller sees: this scope and everything below; empty for everything.",
  ),
  permissions: z.array(z.enum(["read", "write"])).describe("What the caller may do in its scope."),
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
