import { permissionsOf } from "@load-manager/contract/api/access.ts";
import type { Principal } from "../../auth/principal.ts";
import type { Sessions } from "../../auth/sessions.ts";
import { AppError } from "../../lib/errors.ts";
import type { Handlers } from "../bind.ts";
import { clearedCookie, sessionCookie } from "../cookies.ts";

type Deps = {
  readonly sessions: Sessions;
  /** Whether the server has no tokens. */
  readonly isOpen: () => boolean;
  /** Whether it offers the demo now. */
  readonly offersDemo: () => boolean;
};

export const sessionHandlers = ({
  sessions,
  isOpen,
  offersDemo,
}: Deps): Pick<Handlers, "createSession" | "deleteSession" | "getMe"> => {
  const meOf = ({ actor, grants }: Principal) => ({
    ...actor,
    grants: grants.map(({ role, scope }) => ({ role, scope, permissions: permissionsOf(role) })),
    signIn: !isOpen(),
    demo: offersDemo(),
  });
  return {
    createSession: async ({ body, isHttps }) => {
      if (isOpen()) {
        throw new AppError(
          "conflict",
          "This server has no tokens, so nobody signs in; every request from this machine is allowed.",
        );
      }
      const started = await sessions.start(body.token);
      if (started === undefined) throw new AppError("unauthorized", "The token is unknown.");
      return {
        body: meOf(started.principal),
        headers: { "set-cookie": sessionCookie(started.cookie, isHttps) },
      };
    },
    deleteSession: async ({ cookie, isHttps }) => {
      if (cookie !== undefined) await sessions.end(cookie);
      return { body: null, headers: { "set-cookie": clearedCookie(isHttps) } };
    },
    getMe: async ({ principal }) => ({ body: meOf(principal) }),
  };
};
