import type { Grant } from "@load-manager/contract/api/access.ts";
import type { ActorRef } from "@load-manager/contract/model/actor.ts";

/** Somebody who has been authenticated, with everything that they may do. */
export type Principal = {
  readonly actor: ActorRef;
  readonly grants: readonly Grant[];
};

/** The administrator of the installation: everything in every scope. */
export const administrator = (actor: ActorRef): Principal => ({
  actor,
  grants: [{ role: "administrator", scope: {} }],
});
