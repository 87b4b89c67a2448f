import { z } from "zod";

/**
 * Who did something. The server alone sets it: `createdBy` in a body is a label for people beside it.
 * `user`: a person with a session; `token`: a program with an API token; `locust`: a callback of Locust; `system`: the
 * server itself.
 */
export const ActorRef = z.object({
  kind: z
    .enum(["user", "token", "locust", "system"])
    .describe("A person with a session, a program with a token, Locust, or the server itself."),
  id: z
    .string()
    .describe(
      "Stays the same: for a token and its sessions, the token's name in the configuration.",
    ),
  name: z.string().describe("The name, for people to read."),
});
export type ActorRef = z.output<typeof ActorRef>;

/** Who acts now. `requestId`: of the HTTP request; absent for what the server does by itself. */
export type Actor = ActorRef & { readonly requestId?: string | undefined };

export const refOf = ({ kind, id, name }: Actor): ActorRef => ({ kind, id, name });
